//! The school year: calendar, classes, pupils from the office's list, who teaches what.

use std::collections::BTreeSet;

use anyhow::Context as _;
use hocba_proto::records::{
    BatchCreateClassesRequest, BatchCreateTeachingAssignmentsRequest, Class, CommitPupilImportRequest,
    CreateSchoolYearRequest, FindingChoice, PreviewPupilImportRequest, SchoolYear, TeachingAssignment,
    TestDay, finding::Kind, records_service_client::RecordsServiceClient,
};
use tonic::transport::Channel;
use uuid::Uuid;

use super::{
    calendar::{YEAR, in_days},
    people::{SCHOOL, key, or_exists},
};
use crate::{
    cluster_file::ClusterFile,
    progress::Step,
    session::{Session, said},
    staff_list::StaffRow,
};

/// The largest spreadsheet we send in one message.
const LARGEST: usize = 8 * 1024 * 1024;

/// The year's resource name.
#[must_use]
pub fn year() -> String {
    format!("{SCHOOL}/years/{YEAR}")
}

/// Sets the year up by the administrator.
pub async fn load(
    channel: &Channel,
    file: &ClusterFile,
    staff: &[StaffRow],
    pupils: Vec<u8>,
) -> anyhow::Result<()> {
    let mut admin = Session::sign_in(channel, file.login("admin")?).await?;
    let mut records = RecordsServiceClient::new(channel.clone())
        .max_encoding_message_size(LARGEST)
        .max_decoding_message_size(LARGEST);
    make_year(&mut admin, &mut records).await?;
    make_classes(&mut admin, &mut records, staff).await?;
    import(&mut admin, &mut records, pupils).await?;
    assign(&mut admin, &mut records, file, staff).await
}

/// The demo's calendar: the first semester's tests are behind us, the second's thirty days ahead.
async fn make_year(admin: &mut Session, records: &mut RecordsServiceClient<Channel>) -> anyhow::Result<()> {
    let test_days = (1..=5)
        .flat_map(|grade| {
            [("semester1", -10), ("semester2", 30)].map(|(semester, days)| TestDay {
                grade,
                semester: semester.to_owned(),
                first_day: in_days(days),
            })
        })
        .collect();
    let request = CreateSchoolYearRequest {
        parent: SCHOOL.to_owned(),
        year_id: YEAR.to_owned(),
        school_year: Some(SchoolYear {
            school_code: "01018A01".to_owned(),
            school_name: "Trường Tiểu học Mẫu A".to_owned(),
            commune: "Xã Phù Đổng".to_owned(),
            province: "Hà Nội".to_owned(),
            test_days,
            ..SchoolYear::default()
        }),
        request_id: Uuid::now_v7().to_string(),
    };
    let answer = records.create_school_year(admin.ask(request).await?).await;
    or_exists(answer, "YEAR_EXISTS", "lập năm học")
}

async fn make_classes(
    admin: &mut Session,
    records: &mut RecordsServiceClient<Channel>,
    staff: &[StaffRow],
) -> anyhow::Result<()> {
    let names: BTreeSet<&String> = staff
        .iter()
        .filter_map(|row| row.homeroom_class.as_ref())
        .collect();
    let classes = names
        .into_iter()
        .map(|name| {
            let grade = name
                .chars()
                .next()
                .and_then(|c| c.to_digit(10))
                .with_context(|| format!("lớp {name}"))?;
            Ok(Class {
                display_name: name.clone(),
                grade: i32::try_from(grade)?,
                ..Class::default()
            })
        })
        .collect::<anyhow::Result<_>>()?;
    let request = BatchCreateClassesRequest {
        parent: year(),
        classes,
        request_id: Uuid::now_v7().to_string(),
    };
    let step = Step::start("lớp học", 0);
    let made = records
        .batch_create_classes(admin.ask(request).await?)
        .await
        .map_err(|status| said("lập lớp", &status))?
        .into_inner();
    step.done(format!("{} lớp", made.classes.len()));
    Ok(())
}

/// Preview, a choice for what needs one (the first of two equal rows stays), commit.
async fn import(
    admin: &mut Session,
    records: &mut RecordsServiceClient<Channel>,
    file: Vec<u8>,
) -> anyhow::Result<()> {
    let step = Step::start("danh sách học sinh", 0);
    let request = PreviewPupilImportRequest {
        parent: year(),
        file,
        request_id: Uuid::now_v7().to_string(),
    };
    let import = records
        .preview_pupil_import(admin.ask(request).await?)
        .await
        .map_err(|status| said("đọc danh sách học sinh", &status))?
        .into_inner();
    let count = |kind: Kind| {
        import
            .findings
            .iter()
            .filter(|finding| finding.kind() == kind)
            .count()
    };
    let summary = format!(
        "{} dòng: {} mới, {} đổi, {} như cũ; {} chỗ đã tự sửa, {} chỗ cần chọn, {} lưu ý, {} lỗi",
        import.row_count,
        import.create_count,
        import.change_count,
        import.unchanged_count,
        count(Kind::Repaired),
        count(Kind::Choice),
        count(Kind::Note),
        count(Kind::Error),
    );
    if import.create_count + import.change_count == 0 {
        step.done(summary);
        return Ok(());
    }
    let choices = import
        .findings
        .iter()
        .filter(|finding| finding.kind() == Kind::Choice)
        .filter_map(|finding| {
            Some(FindingChoice {
                finding: finding.id.clone(),
                choice: finding.choices.first()?.clone(),
            })
        })
        .collect();
    let request = CommitPupilImportRequest {
        name: import.name,
        choices,
        request_id: Uuid::now_v7().to_string(),
    };
    records
        .commit_pupil_import(admin.ask(request).await?)
        .await
        .map_err(|status| said("ghi danh sách học sinh", &status))?;
    step.done(summary);
    Ok(())
}

async fn assign(
    admin: &mut Session,
    records: &mut RecordsServiceClient<Channel>,
    file: &ClusterFile,
    staff: &[StaffRow],
) -> anyhow::Result<()> {
    let mut assignments = Vec::new();
    for row in staff {
        let account = &file.login(&key(row))?.account;
        let assignment = |class: &str, item: &str| TeachingAssignment {
            class: format!("{}/classes/{}", year(), class.to_lowercase()),
            item: item.to_owned(),
            teacher: account.clone(),
            teacher_name: row.display_name.clone(),
        };
        assignments.extend(
            row.homeroom_class
                .iter()
                .map(|class| assignment(class, "criteria")),
        );
        for (item, classes) in &row.teaches {
            assignments.extend(classes.iter().map(|class| assignment(class, item)));
        }
    }
    let step = Step::start("phân công giảng dạy", 0);
    let request = BatchCreateTeachingAssignmentsRequest {
        parent: year(),
        assignments,
        request_id: Uuid::now_v7().to_string(),
    };
    let made = records
        .batch_create_teaching_assignments(admin.ask(request).await?)
        .await
        .map_err(|status| said("phân công giảng dạy", &status))?
        .into_inner();
    step.done(format!("{} mới, {} đổi", made.created_count, made.changed_count));
    Ok(())
}
