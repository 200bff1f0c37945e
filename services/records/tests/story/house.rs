//! Records with its peers, ready for a story.

use std::time::Duration;

use clap::Parser as _;
use hocba_chassis::{clock::Clock, run::Running};
use hocba_proto::{
    lock::{Fence, InstallFenceRequest, fence_service_client::FenceServiceClient, term::State as TermState},
    records::{
        BatchCreateClassesRequest, BatchCreateTeachingAssignmentsRequest, Cell, Class,
        CommitPupilImportRequest, CreateSchoolYearRequest, Draft, FindingChoice, FinishEntrySessionRequest,
        GetMarkSheetRequest, OpenEntrySessionRequest, PreviewPupilImportRequest, SaveDraftsRequest,
        SchoolYear, TeachingAssignment, TestDay, records_service_client::RecordsServiceClient,
    },
    types::{CellMark, CellValue},
};
use hocba_records::Config;
use hocba_testing::{Pki, TestArchive, TestDatabase, TestIdentity, TestPerson, channel_as};
use tonic::{Status, transport::Channel};
use tonic_types::StatusExt as _;

pub(crate) const SCHOOL: &str = "01018a01";
pub(crate) const YEAR: &str = "schools/01018a01/years/2025-2026";
pub(crate) const CLASS: &str = "schools/01018a01/years/2025-2026/classes/5a";
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct House {
    pub(crate) pki: Pki,
    pub(crate) identity: TestIdentity,
    pub(crate) archive: TestArchive,
    pub(crate) database: TestDatabase,
    pub(crate) running: Running,
    pub(crate) admin: TestPerson,
    pub(crate) principal: TestPerson,
    pub(crate) teacher: TestPerson,
}

impl House {
    /// Records serving, nothing in it.
    pub(crate) async fn empty() -> Self {
        let pki = Pki::make().unwrap();
        let identity = TestIdentity::start(&pki).await.unwrap();
        let archive = TestArchive::start(&pki, identity.tokens()).await.unwrap();
        let database = TestDatabase::of(&hocba_records::DEFINITION).await.unwrap();
        let running = serve(&pki, &identity, &archive, &database).await;
        let admin = identity.person(SCHOOL, &["system_admin"]);
        let principal = identity.person(SCHOOL, &["principal"]);
        let teacher = identity.person(SCHOOL, &["subject_teacher"]);
        Self {
            pki,
            identity,
            archive,
            database,
            running,
            admin,
            principal,
            teacher,
        }
    }

    /// Records dies and comes back, with its database.
    pub(crate) async fn restart(&mut self) {
        let again = serve(&self.pki, &self.identity, &self.archive, &self.database).await;
        std::mem::replace(&mut self.running, again).stop().await.unwrap();
    }

    /// With the school year and its 28 classes.
    pub(crate) async fn with_classes() -> Self {
        let house = Self::empty().await;
        let mut records = house.records();
        let school_year = SchoolYear {
            school_code: "01018A01".into(),
            school_name: "Trường Tiểu học Mẫu A".into(),
            test_days: vec![TestDay {
                grade: 5,
                semester: "semester1".into(),
                first_day: "2026-01-05".into(),
            }],
            ..SchoolYear::default()
        };
        let request = CreateSchoolYearRequest {
            parent: format!("schools/{SCHOOL}"),
            year_id: "2025-2026".into(),
            school_year: Some(school_year),
            request_id: "y1".into(),
        };
        let year = records
            .create_school_year(house.admin.ask(request))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(year.rule_set, "tt27-2020");
        let letters = |grade: i32| if grade < 4 { "ABCDEG" } else { "ABCDE" };
        let classes = (1..=5)
            .flat_map(|grade| {
                letters(grade).chars().map(move |letter| Class {
                    display_name: format!("{grade}{letter}"),
                    grade,
                    ..Class::default()
                })
            })
            .collect();
        let request = BatchCreateClassesRequest {
            parent: YEAR.into(),
            classes,
            request_id: "k1".into(),
        };
        let made = records
            .batch_create_classes(house.admin.ask(request))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(made.classes.len(), 28);
        house
    }

    /// With the office's pupils, and the teacher assigned to 5A's mathematics.
    pub(crate) async fn with_pupils() -> Self {
        let house = Self::with_classes().await;
        house.import().await;
        let mut records = house.records();
        let assignment = TeachingAssignment {
            class: CLASS.into(),
            item: "TO".into(),
            teacher: house.teacher.name(),
            teacher_name: "Ngô Thị Ngọc Anh".into(),
        };
        let request = BatchCreateTeachingAssignmentsRequest {
            parent: YEAR.into(),
            assignments: vec![assignment],
            request_id: String::new(),
        };
        let made = records
            .batch_create_teaching_assignments(house.admin.ask(request))
            .await
            .unwrap()
            .into_inner();
        assert_eq!((made.created_count, made.changed_count), (1, 0));
        house
    }

    /// Reads and writes the office's list; of two equal rows the first stays.
    pub(crate) async fn import(&self) {
        let mut records = self.records();
        let request = PreviewPupilImportRequest {
            parent: YEAR.into(),
            file: pupils_file(),
            request_id: String::new(),
        };
        let import = records
            .preview_pupil_import(self.admin.ask(request))
            .await
            .unwrap()
            .into_inner();
        let choices = import
            .findings
            .iter()
            .filter(|finding| !finding.choices.is_empty())
            .map(|finding| FindingChoice {
                finding: finding.id.clone(),
                choice: "keep_first".into(),
            })
            .collect();
        let request = CommitPupilImportRequest {
            name: import.name,
            choices,
            request_id: String::new(),
        };
        records
            .commit_pupil_import(self.admin.ask(request))
            .await
            .unwrap();
    }

    /// Closes the marks of the second semester.
    pub(crate) async fn close_semester2(&self) {
        let fence = Fence {
            term: format!("{YEAR}/terms/marks-semester2"),
            epoch: 1,
            state: TermState::Closed.into(),
            lock_order: format!("schools/{SCHOOL}/lockOrders/x"),
            ..Fence::default()
        };
        let request = InstallFenceRequest { fence: Some(fence) };
        let mut fences = FenceServiceClient::new(self.channel_as("lock"));
        fences.install_fence(request).await.unwrap();
    }

    /// Records as the gateway reaches it.
    pub(crate) fn records(&self) -> RecordsServiceClient<Channel> {
        RecordsServiceClient::new(self.channel_as("gateway"))
    }

    pub(crate) fn channel_as(&self, peer: &str) -> Channel {
        channel_as(&self.pki, peer, "records", &self.running.address.to_string()).unwrap()
    }
}

/// Records serving; its own rule sets beside the shipped ones.
async fn serve(
    pki: &Pki,
    identity: &TestIdentity,
    archive: &TestArchive,
    database: &TestDatabase,
) -> Running {
    let files = pki.files("records");
    let url = database.url_file(pki.folder()).unwrap();
    let master = pki.folder().join("records-master.key");
    std::fs::write(&master, [7; 32]).unwrap();
    let config = Config::parse_from([
        "hocba-records".into(),
        "--listen=127.0.0.1:0".to_owned(),
        format!("--tls-cert={}", files.cert.display()),
        format!("--tls-key={}", files.key.display()),
        format!("--tls-ca={}", files.ca.display()),
        format!("--database-url-file={}", url.display()),
        format!("--master-key-file={}", master.display()),
        format!("--identity-addr={}", identity.peer.address),
        format!("--archive-addr={}", archive.peer.address),
        concat!("--rule-sets=", env!("CARGO_MANIFEST_DIR"), "/tests/rules").to_owned(),
    ]);
    hocba_chassis::run::start(
        hocba_records::DEFINITION,
        Clock::system(),
        config,
        hocba_records::build,
    )
    .await
    .unwrap()
}

/// The office's list of pupils.
pub(crate) fn pupils_file() -> Vec<u8> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/data/school-a/danh-sach-hoc-sinh.xlsx"
    );
    std::fs::read(path).unwrap()
}

/// The parts of a spreadsheet.
pub(crate) fn parts(file: &[u8]) -> std::collections::BTreeMap<String, Vec<u8>> {
    use std::io::Read as _;
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(file)).unwrap();
    (0..archive.len())
        .map(|at| {
            let mut part = archive.by_index(at).unwrap();
            let mut content = Vec::new();
            part.read_to_end(&mut content).unwrap();
            (part.name().unwrap().to_string(), content)
        })
        .collect()
}

pub(crate) fn reason(status: &Status) -> String {
    status
        .get_details_error_info()
        .map_or_else(|| format!("{status:?}"), |info| info.reason)
}

pub(crate) fn article(status: &Status) -> String {
    status
        .get_details_error_info()
        .and_then(|info| info.metadata.get("article").cloned())
        .unwrap_or_default()
}

pub(crate) fn violations(status: &Status) -> Vec<String> {
    let details = status
        .get_details_bad_request()
        .map(|bad| bad.field_violations)
        .unwrap_or_default();
    details.into_iter().map(|violation| violation.field).collect()
}

/// A value as teachers enter it.
pub(crate) fn value(level: &str, score: Option<i32>) -> CellValue {
    CellValue {
        mark: CellMark::Assessed.into(),
        level: level.into(),
        score,
        comment: "Chăm.".into(),
    }
}

/// An edit of a cell that was empty.
pub(crate) fn edit(pupil: &str, item: &str, value: CellValue) -> Draft {
    Draft {
        pupil: pupil.into(),
        item: item.into(),
        value: Some(value),
        base_version: 0,
    }
}

impl House {
    /// Assigns items of 5A to a person.
    pub(crate) async fn assign(&self, person: &TestPerson, items: &[&str]) {
        let assignments = items.iter().map(|item| TeachingAssignment {
            class: CLASS.into(),
            item: (*item).into(),
            teacher: person.name(),
            teacher_name: "Cô Lan".into(),
        });
        let request = BatchCreateTeachingAssignmentsRequest {
            parent: YEAR.into(),
            assignments: assignments.collect(),
            request_id: String::new(),
        };
        self.records()
            .batch_create_teaching_assignments(self.admin.ask(request))
            .await
            .unwrap();
    }

    /// Fills and finishes a sheet of 5A, each cell as `of` says; answers the cells.
    pub(crate) async fn fill(
        &self,
        person: &TestPerson,
        sheet: &str,
        of: impl Fn(usize, &Cell) -> CellValue,
    ) -> Vec<Cell> {
        let mut records = self.records();
        let name = format!("{CLASS}/markSheets/{sheet}");
        let open = OpenEntrySessionRequest {
            mark_sheet: name.clone(),
            request_id: String::new(),
        };
        let session = records
            .open_entry_session(person.ask(open))
            .await
            .unwrap()
            .into_inner()
            .name;
        let get = GetMarkSheetRequest { name };
        let cells = records
            .get_mark_sheet(person.ask(get))
            .await
            .unwrap()
            .into_inner()
            .cells;
        let drafts = cells.iter().enumerate().map(|(at, cell)| Draft {
            pupil: cell.pupil.clone(),
            item: cell.item.clone(),
            value: Some(of(at, cell)),
            base_version: cell.draft_version,
        });
        let save = SaveDraftsRequest {
            name: session.clone(),
            drafts: drafts.collect(),
            request_id: String::new(),
        };
        let saved = records.save_drafts(person.ask(save)).await.unwrap().into_inner();
        assert!(
            saved.results.iter().all(|it| it.words.is_empty()),
            "{:?}",
            saved.results.first()
        );
        let finish = FinishEntrySessionRequest {
            name: session,
            request_id: String::new(),
        };
        records.finish_entry_session(person.ask(finish)).await.unwrap();
        cells
    }
}
