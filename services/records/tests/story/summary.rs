//! The class summary and the completeness list.

use hocba_proto::{
    records::{ExportClassSummaryRequest, ExportCompletenessRequest},
    types::Period,
};
use hocba_records::model::spreadsheet::{self, Cell as Shown, Row};

use crate::{
    finished::School,
    house::{YEAR, article, reason},
};

fn words(row: &Row) -> Vec<String> {
    let cell = |cell: &Shown| match cell {
        Shown::Text(text) => text.clone(),
        Shown::Number(number) => number.to_string(),
        Shown::Empty | Shown::Date(_) | Shown::Unreadable(_) => String::new(),
    };
    row.cells.iter().map(cell).collect()
}

#[tokio::test]
async fn a6_4_the_class_summary_and_the_completeness_list_are_spreadsheets() {
    let school = School::with(&["5A"]).await;
    school.decide("5A", false).await;
    let mut records = school.house.records();
    let ask = |period: Period| ExportClassSummaryRequest {
        parent: format!("{YEAR}/classes/5a"),
        period: period.into(),
    };
    let denied = records
        .export_class_summary(school.house.admin.ask(ask(Period::End2)))
        .await
        .unwrap_err();
    assert_eq!(
        (reason(&denied), article(&denied)),
        ("PERMISSION_DENIED".into(), "A6.4".into())
    );
    let whole = records
        .export_class_summary(school.teacher.ask(ask(Period::End2)))
        .await
        .unwrap()
        .into_inner();
    let rows = spreadsheet::read(&whole.file).unwrap().rows;
    assert_eq!(
        words(&rows[0])[0],
        "'=Trường Tiểu học Mẫu A",
        "a formula in a name is escaped"
    );
    let first = rows
        .iter()
        .map(words)
        .find(|row| row.get(1).is_some_and(|name| name == "Nguyễn An"))
        .unwrap();
    // 12 subjects with 7 scores, 5 qualities, 10 competencies, then the year.
    assert_eq!(first.len(), 2 + 12 + 7 + 5 + 10 + 3);
    assert_eq!(first[2..4], ["T", "10"]);
    assert_eq!(
        first[first.len() - 3..],
        ["Hoàn thành xuất sắc", "Học sinh Xuất sắc", "Được lên lớp"]
    );
    let open = records
        .export_class_summary(school.house.principal.ask(ask(Period::Mid1)))
        .await
        .unwrap()
        .into_inner();
    let rows = spreadsheet::read(&open.file).unwrap().rows;
    assert_eq!(words(&rows[3])[0], "Còn 54 ô chưa chốt, để trống trong bảng.");

    let ask = |period: Period| ExportCompletenessRequest {
        parent: YEAR.into(),
        period: period.into(),
    };
    let none = records
        .export_completeness(school.house.principal.ask(ask(Period::End2)))
        .await
        .unwrap()
        .into_inner();
    let rows = spreadsheet::read(&none.file).unwrap().rows;
    assert_eq!(words(&rows[2])[0], "Còn 0 ô ở 0 bảng điểm.");
    let all = records
        .export_completeness(school.house.principal.ask(ask(Period::Mid1)))
        .await
        .unwrap()
        .into_inner();
    let [sheets, pupils] =
        spreadsheet::read_named(&all.file, ["Bảng điểm còn thiếu", "Học sinh còn thiếu"]).unwrap();
    let sheets: Vec<Vec<String>> = sheets.unwrap().iter().map(words).collect();
    assert_eq!(sheets[2][0], "Còn 60 ô ở 13 bảng điểm.");
    assert_eq!(sheets[4], ["5A", "Tiếng Việt", "Cô Lan", "2", "2"]);
    assert_eq!(pupils.unwrap().len(), 1 + 60);
    let denied = records
        .export_completeness(school.teacher.ask(ask(Period::End2)))
        .await
        .unwrap_err();
    assert_eq!(
        (reason(&denied), article(&denied)),
        ("PERMISSION_DENIED".into(), "A6.4".into())
    );
    let unspecified = records
        .export_completeness(school.house.principal.ask(ask(Period::Unspecified)))
        .await;
    assert_eq!(reason(&unspecified.unwrap_err()), "BAD_REQUEST");
}
