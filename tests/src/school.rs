//! A small school made through the public API alone: a class of three pupils, one teacher of everything.

use std::time::Duration;

use anyhow::{Context, ensure};
use hocba_proto::{
    identity::{
        Account, Authority, CreateAccountRequest, CreateAuthorityRequest, CreateSchoolRequest,
        School as NewSchool, identity_service_client::IdentityServiceClient,
    },
    records::{
        BatchCreateClassesRequest, BatchCreateTeachingAssignmentsRequest, Cell, Class,
        CommitPupilImportRequest, CreateSchoolYearRequest, Draft, FindingChoice, FinishEntrySessionRequest,
        GetMarkSheetRequest, MarkSheet, OpenEntrySessionRequest, PreviewPupilImportRequest, PupilImport,
        Receipt, SaveDraftsRequest, SchoolYear, TeachingAssignment, TestDay, draft_result::Outcome,
        finding::Kind, records_service_client::RecordsServiceClient,
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
#[derive(Debug, Clone)]
pub struct School {
    /// Its principal.
    pub principal: Person,
    /// Its administrator.
    pub admin: Person,
    /// Its teacher of everything.
    pub teacher: Person,
    /// `schools/{school}`.
    pub name: String,
    /// The first class, which the teacher has.
    pub class: String,
    records: RecordsServiceClient<Channel>,
}

impl School {
    /// Makes one with the pupils of [`PUPILS`].
    pub async fn make(cluster: &Cluster) -> anyhow::Result<Self> {
        Self::make_with(cluster, &PUPILS.map(str::to_owned)).await
    }

    /// Makes one with these pupils.
    pub async fn make_with(cluster: &Cluster, pupils: &[String]) -> anyhow::Result<Self> {
        Self::make_of(cluster, &[("5A", pupils)]).await
    }

    /// Makes one of these classes. The teacher has the first; nobody has the others yet.
    pub async fn make_of(cluster: &Cluster, classes: &[(&str, &[String])]) -> anyhow::Result<Self> {
        let id = format!("small-{:012x}", Uuid::now_v7().as_u128() & 0xffff_ffff_ffff);
        let name = format!("schools/{id}");
        let operator = cluster.signed_in_operator().await?;
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
        let (first, _) = classes.first().context("a school has a class")?;
        let class = format!("{name}/years/2025-2026/classes/{}", first.to_lowercase());
        let school = Self {
            principal,
            admin,
            teacher,
            name,
            class,
            records: RecordsServiceClient::new(cluster.channel()),
        };
        school.fill(&id, classes).await?;
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
        let session = self.open(sheet).await?;
        let cells = self.look(sheet).await?.cells;
        self.save(&session, cells).await?;
        Ok(session)
    }

    /// Opens a sheet; answers the session.
    pub async fn open(&self, sheet: &str) -> anyhow::Result<String> {
        let open = OpenEntrySessionRequest {
            mark_sheet: sheet.to_owned(),
            request_id: request_id(),
        };
        let session = again(&self.teacher, open, |call| {
            let mut records = self.records();
            async move { records.open_entry_session(call).await }
        });
        Ok(session.await?.name)
    }

    /// Saves a draft for each of the cells that must be filled.
    pub async fn save(&self, session: &str, cells: Vec<Cell>) -> anyhow::Result<()> {
        let drafts = cells.into_iter().filter(|cell| cell.required).map(|cell| Draft {
            pupil: cell.pupil,
            item: cell.item,
            value: Some(CellValue {
                mark: CellMark::Assessed.into(),
                level: "T".to_owned(),
                score: cell.tested.then_some(9),
                comment: "Em học tốt.".to_owned(),
            }),
            ..Draft::default()
        });
        let save = SaveDraftsRequest {
            name: session.to_owned(),
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
        Ok(())
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

    async fn fill(&self, code: &str, classes: &[(&str, &[String])]) -> anyhow::Result<()> {
        let admin = &self.admin;
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
        let made = classes.iter().map(|(name, _)| {
            let grade = name.chars().next().and_then(|first| first.to_digit(10));
            anyhow::Ok(Class {
                display_name: (*name).to_owned(),
                grade: i32::try_from(grade.context("a class begins with its grade")?)?,
                ..Class::default()
            })
        });
        records
            .batch_create_classes(admin.ask(BatchCreateClassesRequest {
                parent,
                classes: made.collect::<anyhow::Result<_>>()?,
                request_id: request_id(),
            })?)
            .await
            .context("BatchCreateClasses")?;
        if classes.iter().any(|(_, pupils)| !pupils.is_empty()) {
            self.import(workbook(code, classes)?).await?;
        }
        self.assign(&self.class).await
    }
}

impl School {
    /// The administrator hands in an office's list.
    pub async fn preview(&self, file: Vec<u8>) -> anyhow::Result<PupilImport> {
        let request = PreviewPupilImportRequest {
            parent: format!("{}/years/2025-2026", self.name),
            file,
            request_id: request_id(),
        };
        let read = self
            .records()
            .preview_pupil_import(self.admin.ask(request)?)
            .await;
        Ok(read.context("PreviewPupilImport")?.into_inner())
    }

    /// The administrator hands in an office's list and takes it over, by the first choice wherever one is needed.
    pub async fn import(&self, file: Vec<u8>) -> anyhow::Result<()> {
        let import = self.preview(file).await?;
        let choices = import
            .findings
            .iter()
            .filter(|finding| finding.kind() == Kind::Choice)
            .map(|finding| FindingChoice {
                finding: finding.id.clone(),
                choice: finding.choices.first().cloned().unwrap_or_default(),
            });
        let request = CommitPupilImportRequest {
            name: import.name.clone(),
            choices: choices.collect(),
            request_id: request_id(),
        };
        self.records()
            .commit_pupil_import(self.admin.ask(request)?)
            .await
            .with_context(|| format!("CommitPupilImport: {:?}", import.findings))?;
        Ok(())
    }

    /// Gives the teacher every subject of [`ITEMS`] in a class, and the homeroom.
    pub async fn assign(&self, class: &str) -> anyhow::Result<()> {
        let assignments = ITEMS.iter().chain(&["criteria"]).map(|item| TeachingAssignment {
            class: class.to_owned(),
            item: (*item).to_owned(),
            teacher: self.teacher.login.account.clone(),
            teacher_name: "Giáo viên nhỏ".to_owned(),
        });
        let request = BatchCreateTeachingAssignmentsRequest {
            parent: format!("{}/years/2025-2026", self.name),
            assignments: assignments.collect(),
            request_id: request_id(),
        };
        self.records()
            .batch_create_teaching_assignments(self.admin.ask(request)?)
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

/// A fresh `request_id`.
#[must_use]
pub fn request_id() -> String {
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

/// The office's list of pupils, as small as it can be: classes and who is in them.
pub fn workbook(code: &str, classes: &[(&str, &[String])]) -> anyhow::Result<Vec<u8>> {
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
    let pupils = classes
        .iter()
        .flat_map(|(class, pupils)| pupils.iter().map(move |pupil| (class, pupil)));
    for (at, (class, pupil)) in (1_u32..).zip(pupils) {
        let row = [
            at.to_string(),
            format!("01018A01210{at:04}"),
            format!("00131500{at:04}"),
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
            format!("{at:04}/TH"),
            "01/09/2021".to_owned(),
            (*class).to_owned(),
        ];
        for (column, text) in (0_u16..).zip(row) {
            sheet.write(4 + at, column, text)?;
        }
    }
    Ok(book.save_to_buffer()?)
}
