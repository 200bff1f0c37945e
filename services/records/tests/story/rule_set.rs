//! A second rule set from a folder: other levels, half points, two periods, other results. Nothing is compiled in.

use hocba_proto::{
    records::{
        BatchCreateClassesRequest, BatchCreateTeachingAssignmentsRequest, Class, CommitPupilImportRequest,
        ConfirmYearResultsRequest, CreateSchoolYearRequest, FinishEntrySessionRequest, GetMarkSheetRequest,
        ListMarkSheetsRequest, ListYearResultsRequest, OpenEntrySessionRequest, PreviewPupilImportRequest,
        SaveDraftsRequest, SchoolYear, TeachingAssignment, VerifySealsRequest, draft_result::Outcome,
    },
    types::{CellMark, CellValue},
};
use hocba_testing::TestPerson;

use crate::house::{House, SCHOOL, edit, pupils_file, reason};

const YEAR: &str = "schools/01018a01/years/2030-2031";
const CLASS: &str = "schools/01018a01/years/2030-2031/classes/5a";

/// The year, all classes of the office's file, its pupils, and one teacher of everything in 5A.
async fn year(house: &House, teacher: &TestPerson) {
    let mut records = house.records();
    let admin = &house.admin;
    let request = CreateSchoolYearRequest {
        parent: format!("schools/{SCHOOL}"),
        year_id: "2030-2031".into(),
        school_year: Some(SchoolYear {
            school_code: "01018A01".into(),
            school_name: "Trường Tiểu học Mẫu A".into(),
            ..SchoolYear::default()
        }),
        request_id: String::new(),
    };
    let made = records.create_school_year(admin.ask(request)).await.unwrap();
    assert_eq!(
        made.into_inner().rule_set,
        "thu-nghiem-2030",
        "the newest in force"
    );
    let class = |name: &str, grade| Class {
        display_name: name.into(),
        grade,
        ..Class::default()
    };
    let request = BatchCreateClassesRequest {
        parent: YEAR.into(),
        classes: vec![class("4A", 4)],
        request_id: String::new(),
    };
    let unknown = records
        .batch_create_classes(admin.ask(request))
        .await
        .unwrap_err();
    assert_eq!(
        reason(&unknown),
        "RULE_SET_UNKNOWN",
        "these rules know grade 5 only"
    );
    // The office's file names 28 classes; under these rules all are of grade 5.
    let letters = |grade: i32| if grade < 4 { "ABCDEG" } else { "ABCDE" };
    let names = (1..=5).flat_map(|grade| letters(grade).chars().map(move |it| format!("{grade}{it}")));
    let request = BatchCreateClassesRequest {
        parent: YEAR.into(),
        classes: names.map(|name| class(&name, 5)).collect(),
        request_id: String::new(),
    };
    records.batch_create_classes(admin.ask(request)).await.unwrap();
    let request = PreviewPupilImportRequest {
        parent: YEAR.into(),
        file: pupils_file(),
        request_id: String::new(),
    };
    let import = records
        .preview_pupil_import(admin.ask(request))
        .await
        .unwrap()
        .into_inner();
    let choices = import
        .findings
        .iter()
        .filter(|finding| !finding.choices.is_empty());
    let choices = choices.map(|finding| hocba_proto::records::FindingChoice {
        finding: finding.id.clone(),
        choice: "keep_first".into(),
    });
    let request = CommitPupilImportRequest {
        choices: choices.collect(),
        name: import.name,
        request_id: String::new(),
    };
    records.commit_pupil_import(admin.ask(request)).await.unwrap();
    let assignments = ["NGU", "STEM", "criteria"].map(|item| TeachingAssignment {
        class: CLASS.into(),
        item: item.into(),
        teacher: teacher.name(),
        teacher_name: "Cô Lan".into(),
    });
    let request = BatchCreateTeachingAssignmentsRequest {
        parent: YEAR.into(),
        assignments: assignments.to_vec(),
        request_id: String::new(),
    };
    records
        .batch_create_teaching_assignments(admin.ask(request))
        .await
        .unwrap();
}

fn value(level: &str, score: Option<i32>) -> CellValue {
    CellValue {
        mark: CellMark::Assessed.into(),
        level: level.into(),
        score,
        comment: "Chăm.".into(),
    }
}

/// Drafts what is asked and finishes; answers the outcomes of trials made before.
async fn fill(house: &House, teacher: &TestPerson, sheet: &str, trials: &[CellValue]) -> Vec<Outcome> {
    let mut records = house.records();
    let name = format!("{CLASS}/markSheets/{sheet}");
    let request = OpenEntrySessionRequest {
        mark_sheet: name.clone(),
        request_id: String::new(),
    };
    let session = records
        .open_entry_session(teacher.ask(request))
        .await
        .unwrap()
        .into_inner()
        .name;
    let request = GetMarkSheetRequest { name };
    let cells = records
        .get_mark_sheet(teacher.ask(request))
        .await
        .unwrap()
        .into_inner()
        .cells;
    let save = |drafts| SaveDraftsRequest {
        name: session.clone(),
        drafts,
        request_id: String::new(),
    };
    let tried = trials
        .iter()
        .map(|trial| edit(&cells[0].pupil, &cells[0].item, trial.clone()));
    let request = save(tried.collect());
    let tried = records
        .save_drafts(teacher.ask(request))
        .await
        .unwrap()
        .into_inner();
    let drafts = cells.iter().map(|cell| {
        let level = match cell.item.as_str() {
            "NGU" | "STEM" => "A",
            "tu_te" => "1",
            _ => "",
        };
        // The second pupil of the class misses the best result by half a point.
        let score = if cell.pupil == cells[1].pupil { 80 } else { 85 };
        edit(
            &cell.pupil,
            &cell.item,
            value(level, cell.tested.then_some(score)),
        )
    });
    let request = save(drafts.collect());
    let saved = records
        .save_drafts(teacher.ask(request))
        .await
        .unwrap()
        .into_inner();
    assert!(
        saved.results.iter().all(|it| it.outcome() == Outcome::Ok),
        "{:?}",
        saved.results
    );
    let request = FinishEntrySessionRequest {
        name: session,
        request_id: String::new(),
    };
    records.finish_entry_session(teacher.ask(request)).await.unwrap();
    tried.results.iter().map(|it| it.outcome()).collect()
}

#[tokio::test]
async fn a10_3_a_second_rule_set_goes_through_entry_seal_and_result() {
    let house = House::empty().await;
    let teacher = house.identity.person(SCHOOL, &["homeroom_teacher"]);
    year(&house, &teacher).await;
    let mut records = house.records();
    let request = ListMarkSheetsRequest {
        parent: CLASS.into(),
        period: 0,
    };
    let sheets = records
        .list_mark_sheets(house.principal.ask(request))
        .await
        .unwrap()
        .into_inner();
    let names: Vec<&str> = sheets
        .mark_sheets
        .iter()
        .filter_map(|sheet| sheet.name.rsplit('/').next())
        .collect();
    assert_eq!(
        names,
        [
            "ngu-end1",
            "ngu-end2",
            "stem-end1",
            "stem-end2",
            "criteria-end1",
            "criteria-end2"
        ]
    );
    let request = OpenEntrySessionRequest {
        mark_sheet: format!("{CLASS}/markSheets/ngu-mid1"),
        request_id: String::new(),
    };
    let no_period = records
        .open_entry_session(teacher.ask(request))
        .await
        .unwrap_err();
    assert_eq!(reason(&no_period), "SHEET_UNKNOWN");

    let long = CellValue {
        comment: "x".repeat(41),
        ..value("A", Some(85))
    };
    let trials = [
        value("T", Some(85)),
        value("A", Some(83)),
        value("A", Some(105)),
        value("A", None),
        long,
    ];
    let tried = fill(&house, &teacher, "ngu-end2", &trials).await;
    assert_eq!(tried, [Outcome::Invalid; 5]);
    fill(&house, &teacher, "stem-end2", &[]).await;
    let tried = fill(&house, &teacher, "criteria-end2", &[value("T", None)]).await;
    assert_eq!(tried, [Outcome::Invalid]);

    let request = ConfirmYearResultsRequest {
        parent: CLASS.into(),
        request_id: String::new(),
    };
    records.confirm_year_results(teacher.ask(request)).await.unwrap();
    let request = ListYearResultsRequest { parent: CLASS.into() };
    let results = records
        .list_year_results(teacher.ask(request))
        .await
        .unwrap()
        .into_inner()
        .results;
    let told = |at: usize| {
        let it = &results[at];
        (
            it.confirmed_result.as_str(),
            it.result_name.as_str(),
            it.awards.len(),
            it.completed,
        )
    };
    assert_eq!(told(0), ("star", "Vượt mong đợi", 1, true));
    assert_eq!(told(1), ("met", "Đạt mong đợi", 0, true));
    let request = VerifySealsRequest { parent: CLASS.into() };
    let verified = records
        .verify_seals(house.principal.ask(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((verified.receipt_count, verified.differences.len()), (3, 0));
}
