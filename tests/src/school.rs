//! A small school made through the public API alone: one class of three pupils, one teacher of everything.

use std::time::Duration;

use anyhow::{Context, ensure};
use hocba_proto::{
    identity::{
        Account, Authority, CreateAccountRequest, CreateAuthorityRequest, CreateSchoolRequest,
        School as NewSchool, identity_service_client::IdentityServiceClient,
    },
    records::{
        BatchCreateClassesRequest, BatchCreateTeachingAssignmentsRequest, Class, CommitPupilImportRequest,
        CreateSchoolYearRequest, Draft, FindingChoice, FinishEntrySessionRequest, GetMarkSheetRequest,
        MarkSheet, OpenEntrySessionRequest, PreviewPupilImportRequest, Receipt, SaveDraftsRequest,
        SchoolYear, TeachingAssignment, TestDay, draft_result::Outcome, finding::Kind,
        records_service_client::RecordsServiceClient,
    },
    types::{CellMark, CellValue},
};
use rust_xlsxwriter::Workbook;
use time::OffsetDateTime;
use tonic::{Code, Request, Response, Status, transport::Channel};
use uuid::Uuid;

use crate::{cluster::Cluster, person::Person, wait};

/// The subjects the teacher has.
pub const ITEMS: [&str; 10] = ["TV", "TO", "NN", "DD", "LD", "KH", "TH", "CN", "AN", "MT"];

/// Names nobody else has, to look for where they must not be.
pub const PUPILS: [&str; 3] = ["Kiều Quỳnh Thơ", "Lục Bảo Ngân", "Đoàn Nhật Vượng"];

/// What every pupil's identity page says beside that: values nobody else has.
pub const PAGE: [(&str, &str); 6] = [
    ("birthplace", "Trạm xá Mường Sao Mai"),
    ("home", "Bản Phiêng Trăng Khuyết"),
    ("address", "Ngách 83/17 ngõ Hoa Gạo"),
    ("father", "Lục Vĩnh Thử Nghiệm"),
    ("mother", "Kiều Hạnh Thử Nghiệm"),
    ("guardian", "Đoàn Thụ Giám Hộ"),
];

/// How long a call is tried again while something is away.
const PATIENCE: Duration = Duration::from_secs(60);

/// The school and who works there.
#[derive(Debug)]
pub struct School {
    /// Its principal.
    pub principal: Person,
    /// Its teacher of everything.
    pub teacher: Person,
    /// `schools/{school}`.
    pub name: String,
    /// The class.
    pub class: String,
    records: RecordsServiceClient<Channel>,
}

impl School {
    /// Makes one with the pupils of [`PUPILS`].
    pub async fn make(cluster: &Cluster) -> anyhow::Result<Self> {
        Self::make_with(cluster, &PUPILS.map(str::to_owned)).await
    }

    /// Makes one with these pupils, at most 99.
    pub async fn make_with(cluster: &Cluster, pupils: &[String]) -> anyhow::Result<Self> {
        let id = format!("small-{}", Uuid::now_v7().as_fields().0);
        let name = format!("schools/{id}");
        let operator = cluster.sign_in(&cluster.operator()?).await?;
        let mut identity = IdentityServiceClient::new(cluster.channel());
        identity
            .create_authority(operator.ask(CreateAuthorityRequest {
                authority_id: id.clone(),
                authority: Some(Authority {
                    display_name: "Xã nhỏ".to_owned(),
                    ..Authority::default()
                }),
                request_id: request_id(),
            })?)
            .await
            .context("CreateAuthority")?;
        let school = NewSchool {
            code: id.clone(),
            display_name: "Trường nhỏ".to_owned(),
            authority: format!("authorities/{id}"),
            ..NewSchool::default()
        };
        identity
            .create_school(operator.ask(CreateSchoolRequest {
                school_id: id.clone(),
                school: Some(school),
                request_id: request_id(),
            })?)
            .await
            .context("CreateSchool")?;
        let principal = account(cluster, &operator, &name, &["principal"]).await?;
        let admin = account(cluster, &operator, &name, &["system_admin"]).await?;
        let teacher = account(cluster, &admin, &name, &["subject_teacher", "homeroom_teacher"]).await?;
        let class = format!("{name}/years/2025-2026/classes/5a");
        let school = Self {
            principal,
            teacher,
            name,
            class,
            records: RecordsServiceClient::new(cluster.channel()),
        };
        school.fill(&admin, &id, pupils).await?;
        Ok(school)
    }

    /// `…/markSheets/{item}-{period}` of the class.
    #[must_use]
    pub fn sheet(&self, item: &str, period: &str) -> String {
        format!("{}/markSheets/{}-{period}", self.class, item.to_lowercase())
    }

    /// A client of records.
    #[must_use]
    pub fn records(&self) -> RecordsServiceClient<Channel> {
        self.records.clone()
    }

    /// A sheet as the teacher sees it.
    pub async fn look(&self, sheet: &str) -> anyhow::Result<MarkSheet> {
        again(
            &self.teacher,
            GetMarkSheetRequest {
                name: sheet.to_owned(),
            },
            |call| {
                let mut records = self.records();
                async move { records.get_mark_sheet(call).await }
            },
        )
        .await
    }

    /// Opens a sheet and fills every cell that must be; answers the session.
    pub async fn enter(&self, sheet: &str) -> anyhow::Result<String> {
        let open = OpenEntrySessionRequest {
            mark_sheet: sheet.to_owned(),
            request_id: request_id(),
        };
        let session = again(&self.teacher, open, |call| {
            let mut records = self.records();
            async move { records.open_entry_session(call).await }
        })
        .await?
        .name;
        let drafts = self
            .look(sheet)
            .await?
            .cells
            .into_iter()
            .filter(|cell| cell.required)
            .map(|cell| Draft {
                base_version: cell.draft_version,
                pupil: cell.pupil,
                item: cell.item,
                value: Some(CellValue {
                    mark: CellMark::Assessed.into(),
                    level: "T".to_owned(),
                    score: cell.tested.then_some(9),
                    comment: "Em học tốt.".to_owned(),
                }),
            });
        let save = SaveDraftsRequest {
            name: session.clone(),
            drafts: drafts.collect(),
            request_id: request_id(),
        };
        let saved = again(&self.teacher, save, |call| {
            let mut records = self.records();
            async move { records.save_drafts(call).await }
        })
        .await?;
        let refused: Vec<_> = saved
            .results
            .iter()
            .filter(|result| result.outcome() != Outcome::Ok)
            .collect();
        ensure!(refused.is_empty(), "drafts were refused: {refused:?}");
        Ok(session)
    }

    /// Finishes a session, trying again with the same request until it is acknowledged.
    pub async fn finish(&self, session: &str) -> anyhow::Result<Receipt> {
        let finish = FinishEntrySessionRequest {
            name: session.to_owned(),
            request_id: request_id(),
        };
        again(&self.teacher, finish, |call| {
            let mut records = self.records();
            async move { records.finish_entry_session(call).await }
        })
        .await
    }

    async fn fill(&self, admin: &Person, code: &str, pupils: &[String]) -> anyhow::Result<()> {
        let mut records = self.records();
        let year = SchoolYear {
            school_code: code.to_owned(),
            school_name: "Trường nhỏ".to_owned(),
            test_days: test_days()?,
            ..SchoolYear::default()
        };
        records
            .create_school_year(admin.ask(CreateSchoolYearRequest {
                parent: self.name.clone(),
                year_id: "2025-2026".to_owned(),
                school_year: Some(year),
                request_id: request_id(),
            })?)
            .await
            .context("CreateSchoolYear")?;
        let parent = format!("{}/years/2025-2026", self.name);
        let class = Class {
            display_name: "5A".to_owned(),
            grade: 5,
            ..Class::default()
        };
        records
            .batch_create_classes(admin.ask(BatchCreateClassesRequest {
                parent: parent.clone(),
                classes: vec![class],
                request_id: request_id(),
            })?)
            .await
            .context("BatchCreateClasses")?;
        let import = records
            .preview_pupil_import(admin.ask(PreviewPupilImportRequest {
                parent: parent.clone(),
                file: workbook(code, pupils)?,
                request_id: request_id(),
            })?)
            .await
            .context("PreviewPupilImport")?
            .into_inner();
        let choices = import
            .findings
            .iter()
            .filter(|finding| finding.kind() == Kind::Choice)
            .map(|finding| FindingChoice {
                finding: finding.id.clone(),
                choice: finding.choices.first().cloned().unwrap_or_default(),
            });
        records
            .commit_pupil_import(admin.ask(CommitPupilImportRequest {
                name: import.name.clone(),
                choices: choices.collect(),
                request_id: request_id(),
            })?)
            .await
            .with_context(|| format!("CommitPupilImport: {:?}", import.findings))?;
        let assignments = ITEMS.iter().chain(&["criteria"]).map(|item| TeachingAssignment {
            class: self.class.clone(),
            item: (*item).to_owned(),
            teacher: self.teacher.login.account.clone(),
            teacher_name: "Giáo viên nhỏ".to_owned(),
        });
        records
            .batch_create_teaching_assignments(admin.ask(BatchCreateTeachingAssignmentsRequest {
                parent,
                assignments: assignments.collect(),
                request_id: request_id(),
            })?)
            .await
            .context("BatchCreateTeachingAssignments")?;
        Ok(())
    }
}

/// Creates an account with roles, activates it and signs it in.
pub async fn account(
    cluster: &Cluster,
    creator: &Person,
    school: &str,
    roles: &[&str],
) -> anyhow::Result<Person> {
    let email = format!("{}@small.example", Uuid::now_v7());
    let about = Account {
        email: email.clone(),
        display_name: "Người nhỏ".to_owned(),
        school: school.to_owned(),
        ..Account::default()
    };
    let request = creator.ask(CreateAccountRequest {
        account: Some(about),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        request_id: request_id(),
    })?;
    let made = IdentityServiceClient::new(cluster.channel())
        .create_account(request)
        .await?
        .into_inner();
    let login = Person::activate(&cluster.channel(), &email, &made.activation_code).await?;
    cluster.sign_in(&login).await
}

fn request_id() -> String {
    Uuid::now_v7().to_string()
}

/// Calls with the same message again while something is away.
async fn again<M, A, F, Fut>(person: &Person, message: M, call: F) -> anyhow::Result<A>
where
    M: Clone,
    F: Fn(Request<M>) -> Fut,
    Fut: Future<Output = Result<Response<A>, Status>>,
{
    let tried = wait::until("an acknowledged call", PATIENCE, || async {
        let mut request = person.ask(message.clone())?;
        request.set_timeout(Duration::from_secs(5));
        match call(request).await {
            Ok(answer) => Ok(Ok(answer.into_inner())),
            Err(status) if away(&status) => Err(status.into()),
            Err(status) => Ok(Err(status)),
        }
    })
    .await?;
    Ok(tried?)
}

/// Whether trying again makes sense.
fn away(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown
    )
}

/// Test days far ahead, for every grade.
fn test_days() -> anyhow::Result<Vec<TestDay>> {
    let day = (OffsetDateTime::now_utc() + time::Duration::days(60)).date();
    Ok((1..=5)
        .flat_map(|grade| ["semester1", "semester2"].map(|semester| (grade, semester)))
        .map(|(grade, semester)| TestDay {
            grade,
            semester: semester.to_owned(),
            first_day: format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day()),
        })
        .collect())
}

/// The office's list of pupils, as small as it can be.
fn workbook(code: &str, pupils: &[String]) -> anyhow::Result<Vec<u8>> {
    const TITLES: [&str; 20] = [
        "STT",
        "Mã học sinh",
        "Số ĐDCN",
        "Họ và tên",
        "Ngày sinh",
        "Giới tính",
        "Dân tộc",
        "Dân tộc (khai sinh)",
        "Quốc tịch",
        "Nơi sinh",
        "Quê quán",
        "Chỗ ở hiện nay",
        "Họ tên cha",
        "Họ tên mẹ",
        "Người giám hộ",
        "Số đăng bộ",
        "Ngày vào trường",
        "Lớp",
        "Khuyết tật",
        "Ghi chú",
    ];
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("DanhSachHS")?;
    sheet.write(2, 0, "DANH SÁCH HỌC SINH NĂM HỌC 2025-2026")?;
    sheet.write(3, 0, format!("Mã trường: {code}"))?;
    for (column, title) in (0_u16..).zip(TITLES) {
        sheet.write(4, column, title)?;
    }
    let [birthplace, home, address, father, mother, guardian] = PAGE.map(|(_, value)| value);
    for (at, pupil) in (1_u32..).zip(pupils) {
        let row = [
            at.to_string(),
            format!("01018A0121000{at:02}"),
            format!("0013150000{at:02}"),
            pupil.clone(),
            format!("{:02}/02/2015", at % 28 + 1),
            "Nữ".to_owned(),
            "Kinh".to_owned(),
            "Kinh".to_owned(),
            "Việt Nam".to_owned(),
            birthplace.to_owned(),
            home.to_owned(),
            address.to_owned(),
            father.to_owned(),
            mother.to_owned(),
            guardian.to_owned(),
            format!("00{at:02}/TH"),
            "01/09/2021".to_owned(),
            "5A".to_owned(),
        ];
        for (column, text) in (0_u16..).zip(row) {
            sheet.write(4 + at, column, text)?;
        }
    }
    Ok(book.save_to_buffer()?)
}
