//! A small school whose year is over: two pupils in each of its classes, every cell of the last period sealed, results
//! confirmed.

use hocba_chassis::Role;
use hocba_proto::records::{
    BatchCreateClassesRequest, BatchCreateTeachingAssignmentsRequest, Cell, Class, CommitPupilImportRequest,
    ConfirmYearResultsRequest, CreateSchoolYearRequest, DecidePromotionsRequest, Draft,
    FinishEntrySessionRequest, GetMarkSheetRequest, ListYearResultsRequest, OpenEntrySessionRequest,
    PreviewPupilImportRequest, PromotionException, SaveDraftsRequest, SchoolYear, TeachingAssignment,
};
use hocba_records::model::rule_set::{choose, shipped};
use hocba_testing::TestPerson;
use ring::digest::{SHA256, digest};
use rust_xlsxwriter::Workbook;

use crate::house::{House, SCHOOL, YEAR, value};

/// A small school whose year is over: two pupils in each of these classes.
pub(crate) struct School {
    pub(crate) house: House,
    pub(crate) teacher: TestPerson,
}

pub(crate) fn list(classes: &[&str]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let head = [
        "Mã học sinh",
        "Họ và tên",
        "Ngày sinh",
        "Giới tính",
        "Dân tộc",
        "Ngày vào trường",
        "Lớp",
    ];
    for (at, title) in (0..).zip(head) {
        sheet.write(0, at, title).unwrap();
    }
    let rows = classes.iter().flat_map(|class| [("An", class), ("Bình", class)]);
    for (row, (name, class)) in (1..).zip(rows) {
        let code = format!("HS{row:04}");
        let name = format!("Nguyễn {name}");
        let texts = [
            code.as_str(),
            &name,
            "02/03/2016",
            "Nam",
            "Kinh",
            "15/08/2022",
            class,
        ];
        for (at, text) in (0..).zip(texts) {
            sheet.write(row, at, text).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

impl School {
    pub(crate) async fn with(classes: &[&str]) -> Self {
        let house = House::empty().await;
        let teacher = house.identity.person(SCHOOL, &["homeroom_teacher"]);
        let school = Self { house, teacher };
        school.year("2025-2026").await;
        let made = classes.iter().map(|name| Class {
            display_name: (*name).into(),
            grade: grade(name),
            ..Class::default()
        });
        let ask = BatchCreateClassesRequest {
            parent: YEAR.into(),
            classes: made.collect(),
            request_id: String::new(),
        };
        let mut records = school.house.records();
        records
            .batch_create_classes(school.house.admin.ask(ask))
            .await
            .unwrap();
        school.import(list(classes)).await;
        for name in classes {
            school.enter(name).await;
        }
        school.year("2026-2027").await;
        school
    }

    pub(crate) async fn year(&self, id: &str) {
        let ask = CreateSchoolYearRequest {
            parent: format!("schools/{SCHOOL}"),
            year_id: id.into(),
            school_year: Some(SchoolYear {
                school_code: "01018A01".into(),
                school_name: "=Trường Tiểu học Mẫu A".into(),
                ..SchoolYear::default()
            }),
            request_id: String::new(),
        };
        self.house
            .records()
            .create_school_year(self.house.admin.ask(ask))
            .await
            .unwrap();
    }

    pub(crate) async fn import(&self, file: Vec<u8>) {
        let mut records = self.house.records();
        let ask = PreviewPupilImportRequest {
            parent: YEAR.into(),
            file,
            request_id: String::new(),
        };
        let import = records
            .preview_pupil_import(self.house.admin.ask(ask))
            .await
            .unwrap()
            .into_inner();
        let ask = CommitPupilImportRequest {
            name: import.name,
            choices: Vec::new(),
            request_id: String::new(),
        };
        records
            .commit_pupil_import(self.house.admin.ask(ask))
            .await
            .unwrap();
    }

    /// Assigns and fills every sheet of a class's last period, and confirms the results.
    pub(crate) async fn enter(&self, name: &str) {
        let class = format!("{YEAR}/classes/{}", name.to_lowercase());
        let rules = choose(shipped().unwrap(), "tt27-2020", "2025-2026").unwrap();
        let sheets = rules.sheets(i16::try_from(grade(name)).unwrap(), &[]);
        let assignments = sheets.iter().map(|item| TeachingAssignment {
            class: class.clone(),
            item: (*item).to_owned(),
            teacher: self.teacher.name(),
            teacher_name: "Cô Lan".into(),
        });
        let mut records = self.house.records();
        let ask = BatchCreateTeachingAssignmentsRequest {
            parent: YEAR.into(),
            assignments: assignments.collect(),
            request_id: String::new(),
        };
        records
            .batch_create_teaching_assignments(self.house.admin.ask(ask))
            .await
            .unwrap();
        for item in &sheets {
            let name = format!("{class}/markSheets/{}-end2", item.to_lowercase());
            let open = OpenEntrySessionRequest {
                mark_sheet: name.clone(),
                request_id: String::new(),
            };
            let session = records
                .open_entry_session(self.teacher.ask(open))
                .await
                .unwrap()
                .into_inner()
                .name;
            let ask = GetMarkSheetRequest { name };
            let cells = records
                .get_mark_sheet(self.teacher.ask(ask))
                .await
                .unwrap()
                .into_inner()
                .cells;
            let best = |cell: &Cell| {
                let level = if cell.item.starts_with("nx_") { "" } else { "T" };
                value(level, cell.tested.then_some(10))
            };
            let drafts = cells.iter().map(|cell| Draft {
                pupil: cell.pupil.clone(),
                item: cell.item.clone(),
                value: Some(best(cell)),
                base_version: cell.draft_version,
            });
            let save = SaveDraftsRequest {
                name: session.clone(),
                drafts: drafts.collect(),
                request_id: String::new(),
            };
            records.save_drafts(self.teacher.ask(save)).await.unwrap();
            let finish = FinishEntrySessionRequest {
                name: session,
                request_id: String::new(),
            };
            records
                .finish_entry_session(self.teacher.ask(finish))
                .await
                .unwrap();
        }
        let ask = ConfirmYearResultsRequest {
            parent: class,
            request_id: String::new(),
        };
        records.confirm_year_results(self.teacher.ask(ask)).await.unwrap();
    }

    /// The principal decides a class: all are promoted but the last when `hold`.
    pub(crate) async fn decide(&self, name: &str, hold: bool) {
        let class = format!("{YEAR}/classes/{}", name.to_lowercase());
        let mut records = self.house.records();
        let ask = ListYearResultsRequest {
            parent: class.clone(),
        };
        let answer = records
            .list_year_results(self.house.principal.ask(ask))
            .await
            .unwrap();
        let results = answer.into_inner().results;
        let last = results.len() - 1;
        let mut text = format!("hocba-promotion-v1\n{class}\n{}\n", results.len());
        for (at, result) in results.iter().enumerate() {
            let id = result.name.rsplit('/').next().unwrap();
            text.push_str(&format!("{id}|excellent|{}\n", !(hold && at == last)));
        }
        let bound = data_encoding::HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref());
        let identity = &self.house.identity;
        let token = identity.act(&self.house.principal, Role::Principal, "promotion.decide", &bound);
        let exceptions = hold.then(|| PromotionException {
            name: results[last].name.clone(),
            promoted: false,
            reason: "Theo nguyện vọng của gia đình".into(),
        });
        let ask = DecidePromotionsRequest {
            parent: class,
            exceptions: exceptions.into_iter().collect(),
            act_token: token,
            request_id: String::new(),
        };
        records
            .decide_promotions(self.house.principal.ask(ask))
            .await
            .unwrap();
    }
}

fn grade(class: &str) -> i32 {
    class[..1].parse().unwrap()
}
