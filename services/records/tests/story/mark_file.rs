//! A mark sheet out to Excel and back.

use hocba_proto::records::{
    CommitMarkSheetImportRequest, Draft, ExportMarkSheetTemplateRequest, Finding, FindingChoice,
    GetMarkSheetRequest, LeaveEntrySessionRequest, MarkSheet, MarkSheetImport, OpenEntrySessionRequest,
    PreviewMarkSheetImportRequest, SaveDraftsRequest, Workbook as WireWorkbook, draft_result::Outcome,
    finding::Kind, mark_sheet_import::State,
};
use hocba_records::model::{
    mark_file::{IDENTITY, SHEET},
    spreadsheet::{self, Cell, Row},
};
use hocba_testing::TestPerson;
use rust_xlsxwriter::Workbook;
use tonic::Status;

use crate::house::{CLASS, House, SCHOOL, edit, reason, value, violations};

const SHEET_NAME: &str = "schools/01018a01/years/2025-2026/classes/5a/markSheets/to-end2";
/// The first pupil's row (from 0) and the columns of level, score and comment.
const FIRST: usize = 2;
const LEVEL: usize = 3;
const SCORE: usize = 4;
const COMMENT: usize = 5;

async fn export(house: &House, person: &TestPerson, sheet: &str) -> Result<WireWorkbook, Status> {
    let ask = ExportMarkSheetTemplateRequest {
        name: format!("{CLASS}/markSheets/{sheet}"),
    };
    let answer = house
        .records()
        .export_mark_sheet_template(person.ask(ask))
        .await?;
    Ok(answer.into_inner())
}

/// The rows of a file as a spreadsheet program has them: from the hidden row of keys on.
fn opened(file: &[u8]) -> [Vec<Row>; 2] {
    let [sheet, identity] = spreadsheet::read_named(file, [SHEET, IDENTITY]).unwrap();
    let mut sheet = sheet.unwrap();
    let keys = sheet
        .iter()
        .position(|row| matches!(row.cell(LEVEL), Cell::Text(key) if key == "TO|level" || key == "TV|level"));
    let titles: Vec<Row> = sheet.drain(..keys.unwrap()).collect();
    assert_eq!(titles.len(), 3);
    assert_eq!(sheet[1].cell(2), &text("Họ và tên"));
    [sheet, identity.unwrap()]
}

/// Saves the rows as another program would: no protection, no hidden sheet, the same cells.
fn saved(file: &[u8], edit: impl FnOnce(&mut Vec<Row>)) -> Vec<u8> {
    let [mut rows, identity] = opened(file);
    edit(&mut rows);
    let mut book = Workbook::new();
    for (name, rows) in [(SHEET, rows), (IDENTITY, identity)] {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        for row in rows {
            for (column, cell) in (0..).zip(&row.cells) {
                match cell {
                    Cell::Text(text) => sheet.write(row.number - 1, column, text).map(drop).unwrap(),
                    Cell::Number(number) => sheet.write(row.number - 1, column, *number).map(drop).unwrap(),
                    Cell::Empty | Cell::Date(_) | Cell::Unreadable(_) => {}
                }
            }
        }
    }
    book.save_to_buffer().unwrap()
}

fn set(row: &mut Row, column: usize, cell: Cell) {
    if row.cells.len() <= column {
        row.cells.resize(column + 1, Cell::Empty);
    }
    row.cells[column] = cell;
}

fn text(words: &str) -> Cell {
    Cell::Text(words.to_owned())
}

/// Everybody has T and 9.
fn filled(rows: &mut [Row]) {
    for row in &mut rows[FIRST..] {
        set(row, LEVEL, text("T"));
        set(row, SCORE, Cell::Number(9.0));
    }
}

async fn session(house: &House) -> String {
    let ask = OpenEntrySessionRequest {
        mark_sheet: SHEET_NAME.into(),
        request_id: String::new(),
    };
    let opened = house.records().open_entry_session(house.teacher.ask(ask)).await;
    opened.unwrap().into_inner().name
}

async fn preview(house: &House, session: &str, file: Vec<u8>, id: &str) -> Result<MarkSheetImport, Status> {
    let ask = PreviewMarkSheetImportRequest {
        parent: session.into(),
        file,
        request_id: id.into(),
    };
    let answer = house
        .records()
        .preview_mark_sheet_import(house.teacher.ask(ask))
        .await?;
    Ok(answer.into_inner())
}

async fn commit(
    house: &House,
    import: &str,
    choice: &[(&str, &str)],
    id: &str,
) -> Result<(State, i32), Status> {
    let choices = choice.iter().map(|(finding, choice)| FindingChoice {
        finding: (*finding).into(),
        choice: (*choice).into(),
    });
    let ask = CommitMarkSheetImportRequest {
        name: import.into(),
        choices: choices.collect(),
        request_id: id.into(),
    };
    let answer = house
        .records()
        .commit_mark_sheet_import(house.teacher.ask(ask))
        .await?;
    let answer = answer.into_inner();
    Ok((
        answer.import.unwrap().state(),
        answer.entry_session.unwrap().draft_count,
    ))
}

async fn sheet(house: &House) -> MarkSheet {
    let ask = GetMarkSheetRequest {
        name: SHEET_NAME.into(),
    };
    house
        .records()
        .get_mark_sheet(house.teacher.ask(ask))
        .await
        .unwrap()
        .into_inner()
}

async fn draft(house: &House, session: &str, at: usize, level: &str, score: i32, comment: &str) {
    let cell = sheet(house).await.cells.swap_remove(at);
    let mut value = value(level, Some(score));
    value.comment = comment.into();
    let ask = SaveDraftsRequest {
        name: session.into(),
        drafts: vec![Draft {
            base_version: cell.draft_version,
            ..edit(&cell.pupil, "TO", value)
        }],
        request_id: String::new(),
    };
    let saved = house.records().save_drafts(house.teacher.ask(ask)).await.unwrap();
    assert_eq!(saved.into_inner().results[0].outcome(), Outcome::Ok);
}

fn found<'a>(import: &'a MarkSheetImport, code: &str) -> Vec<&'a Finding> {
    import.findings.iter().filter(|it| it.code == code).collect()
}

#[tokio::test]
async fn a4_1_a_mark_sheet_goes_out_to_excel_and_comes_back_as_drafts() {
    let house = House::with_pupils().await;
    let denied = export(&house, &house.admin, "to-end2").await.unwrap_err();
    assert_eq!(reason(&denied), "PERMISSION_DENIED");
    let template = export(&house, &house.teacher, "to-end2").await.unwrap();
    assert_eq!(template.file_name, "bang-diem-2025-2026-5a-to-end2.xlsx");
    let pupils = opened(&template.file)[0].len() - FIRST;
    assert_eq!(pupils, 37);

    // What is not an input is locked; inputs have rules and Vietnamese prompts; the identity is hidden.
    let parts = crate::house::parts(&template.file);
    let xml = String::from_utf8(parts["xl/worksheets/sheet1.xml"].clone()).unwrap();
    assert!(
        xml.contains("<sheetProtection") && xml.contains("type=\"list\"") && xml.contains("type=\"custom\"")
    );
    assert!(xml.contains("Điểm từ 0 đến 10") && xml.contains("Chọn một trong: T, H, C, Miễn, KĐG."));
    let book = String::from_utf8(parts["xl/workbook.xml"].clone()).unwrap();
    assert!(book.contains("state=\"veryHidden\""));

    let session = session(&house).await;
    let file = saved(&template.file, |rows| {
        filled(rows);
        set(&mut rows[FIRST], SCORE, text(" 8,0 "));
        set(&mut rows[FIRST + 1], LEVEL, text("h"));
        set(&mut rows[FIRST + 2], SCORE, text("v"));
        set(&mut rows[FIRST + 3], LEVEL, text("kđg"));
        set(&mut rows[FIRST + 3], SCORE, Cell::Empty);
        set(&mut rows[FIRST + 4], COMMENT, text("Cha\u{323}m học"));
    });
    let import = preview(&house, &session, file.clone(), "p").await.unwrap();
    assert_eq!((import.cell_count, import.state()), (37, State::Previewed));
    let repaired = found(&import, "REPAIRED");
    let shown: Vec<(i32, &str)> = repaired.iter().map(|it| (it.row, it.value.as_str())).collect();
    assert_eq!(shown, [(7, "8"), (8, "H"), (9, "V"), (10, "KĐG")]);
    assert_eq!(import.findings.len(), 4, "{:#?}", import.findings);
    let again = preview(&house, &session, file, "p").await.unwrap();
    assert_eq!(again, import, "the same request_id gives the first answer");
    assert!(
        sheet(&house).await.cells.iter().all(|cell| cell.value.is_none()),
        "a preview writes nothing"
    );

    for _ in 0..2 {
        let done = commit(&house, &import.name, &[], "c").await.unwrap();
        assert_eq!(done, (State::Committed, 37));
    }
    let over = commit(&house, &import.name, &[], "c2").await.unwrap_err();
    assert_eq!(reason(&over), "IMPORT_COMMITTED");
    let cells = sheet(&house).await.cells;
    assert!(cells.iter().all(|cell| !cell.sealed && cell.value.is_some()));
    assert_eq!(cells[0].value.as_ref().unwrap().score, Some(8));
    assert_eq!(cells[4].value.as_ref().unwrap().comment, "Chạm học");

    // Exported again and brought back unchanged, it changes nothing.
    let template = export(&house, &house.teacher, "to-end2").await.unwrap();
    let same = preview(&house, &session, saved(&template.file, |_| {}), "s")
        .await
        .unwrap();
    assert_eq!(
        (same.cell_count, same.findings.len()),
        (0, 0),
        "{:#?}",
        same.findings
    );
}

#[tokio::test]
async fn a4_1_a_filled_template_with_errors_comes_back_coloured_and_writes_nothing() {
    let house = House::with_pupils().await;
    let session = session(&house).await;
    let template = export(&house, &house.teacher, "to-end2").await.unwrap();
    let file = saved(&template.file, |rows| {
        filled(rows);
        set(&mut rows[FIRST], LEVEL, text("X"));
        set(&mut rows[FIRST + 1], SCORE, Cell::Number(11.0));
        set(&mut rows[FIRST + 2], SCORE, Cell::Number(7.5));
        set(&mut rows[FIRST + 3], SCORE, Cell::Empty);
        set(&mut rows[FIRST + 4], 2, text("Tên Khác"));
        set(&mut rows[FIRST + 5], COMMENT, text(&"x".repeat(501)));
        let twice = rows[FIRST + 6].clone();
        rows.push(Row { number: 60, ..twice });
        set(&mut rows[FIRST + 7], 0, text("không phải mã"));
    });
    let import = preview(&house, &session, file, "").await.unwrap();
    let errors: Vec<(i32, &str)> = import
        .findings
        .iter()
        .filter(|it| it.kind() == Kind::Error)
        .map(|it| (it.row, it.code.as_str()))
        .collect();
    assert_eq!(
        errors,
        [
            (7, "INVALID"),
            (8, "INVALID"),
            (9, "INVALID"),
            (10, "INVALID"),
            (11, "NAME_CHANGED"),
            (12, "INVALID"),
            (14, "ROW_UNKNOWN"),
            (60, "ROW_TWICE")
        ]
    );
    assert_eq!(found(&import, "ROW_MISSING").len(), 1);
    assert_eq!(found(&import, "INVALID")[0].column, "Toán: Mức");
    let refused = commit(&house, &import.name, &[], "").await.unwrap_err();
    assert_eq!(reason(&refused), "IMPORT_HAS_ERRORS");
    assert!(
        sheet(&house).await.cells.iter().all(|cell| cell.value.is_none()),
        "nothing of it is written"
    );

    // The file comes back as it was, its findings as notes on coloured cells and in a list.
    let errors = import.error_workbook.unwrap();
    let [rows, _] = opened(&errors.file);
    assert_eq!(
        (rows[FIRST].cell(LEVEL), rows[FIRST + 1].cell(SCORE)),
        (&text("X"), &Cell::Number(11.0))
    );
    let parts = crate::house::parts(&errors.file);
    let notes = String::from_utf8(parts["xl/comments1.xml"].clone()).unwrap();
    assert!(
        notes.contains("Mức phải là T, H, C, Miễn hoặc KĐG.")
            && notes.contains("Điểm phải là số nguyên từ 0 đến 10")
    );
    let styles = String::from_utf8(parts["xl/styles.xml"].clone()).unwrap();
    assert!(styles.contains("FFFFC7CE"), "errors are red");
    let [list, _] = spreadsheet::read_named(&errors.file, ["Lỗi", "none"]).unwrap();
    assert_eq!(list.unwrap().len(), 1 + import.findings.len());
}

#[tokio::test]
async fn a4_1_another_sheets_file_and_an_old_one_are_refused() {
    let house = House::with_pupils().await;
    house.assign(&house.teacher, &["TV"]).await;
    let session = session(&house).await;
    let other = export(&house, &house.teacher, "tv-end2").await.unwrap();
    let refused = preview(&house, &session, other.file, "").await.unwrap_err();
    assert_eq!(reason(&refused), "SHEET_FILE_OTHER");
    let list = crate::house::pupils_file();
    for (file, name) in [(list, "the office's list"), (b"x".to_vec(), "no file")] {
        let refused = preview(&house, &session, file, "").await.unwrap_err();
        assert_eq!(reason(&refused), "FILE_UNREADABLE", "{name}");
    }
    let template = export(&house, &house.teacher, "to-end2").await.unwrap();
    let stranger = house.identity.person(SCHOOL, &["subject_teacher"]);
    let ask = PreviewMarkSheetImportRequest {
        parent: session.clone(),
        file: template.file.clone(),
        request_id: String::new(),
    };
    let denied = house
        .records()
        .preview_mark_sheet_import(stranger.ask(ask))
        .await
        .unwrap_err();
    assert_eq!(reason(&denied), "PERMISSION_DENIED");

    // A cell is sealed: the template of before is an old one.
    draft(&house, &session, 0, "T", 9, "").await;
    let leave = LeaveEntrySessionRequest {
        name: session.clone(),
        request_id: String::new(),
    };
    house
        .records()
        .leave_entry_session(house.teacher.ask(leave))
        .await
        .unwrap();
    let over = preview(&house, &session, template.file.clone(), "")
        .await
        .unwrap_err();
    assert_eq!(reason(&over), "SESSION_OVER");
    let next = self::session(&house).await;
    let stale = preview(&house, &next, template.file, "").await.unwrap_err();
    assert_eq!(reason(&stale), "SHEET_FILE_STALE");
    // In a new one the sealed cell is locked, and a change of it is named.
    let template = export(&house, &house.teacher, "to-end2").await.unwrap();
    let file = saved(&template.file, |rows| {
        set(&mut rows[FIRST], SCORE, Cell::Number(10.0))
    });
    let import = preview(&house, &next, file, "").await.unwrap();
    assert_eq!(found(&import, "SEALED").len(), 1, "{:#?}", import.findings);
    let unknown = commit(&house, &format!("{next}/imports/{}", uuid::Uuid::nil()), &[], "")
        .await
        .unwrap_err();
    assert_eq!(reason(&unknown), "IMPORT_UNKNOWN");
}

#[tokio::test]
async fn a4_1_a_draft_newer_than_the_template_is_never_overwritten_unasked() {
    let house = House::with_pupils().await;
    let session = session(&house).await;
    let template = export(&house, &house.teacher, "to-end2").await.unwrap();
    draft(&house, &session, 0, "H", 6, "-Cần cố gắng").await;
    let file = saved(&template.file, |rows| filled(rows));
    let import = preview(&house, &session, file.clone(), "").await.unwrap();
    let choice = found(&import, "DRAFT_DIFFERS");
    assert_eq!(
        (choice.len(), choice[0].row, choice[0].kind()),
        (1, 7, Kind::Choice)
    );
    let open = commit(&house, &import.name, &[], "").await.unwrap_err();
    assert_eq!(reason(&open), "IMPORT_CHOICE_MISSING");
    assert_eq!(violations(&open), [choice[0].id.clone()]);
    let done = commit(&house, &import.name, &[(&choice[0].id, "keep_draft")], "")
        .await
        .unwrap();
    assert_eq!(done, (State::Committed, 37));
    let cells = sheet(&house).await.cells;
    assert_eq!(cells[0].value.as_ref().unwrap().score, Some(6), "the draft stays");
    assert_eq!(cells[1].value.as_ref().unwrap().score, Some(9));

    // What a spreadsheet would compute goes out escaped and comes back as it was.
    let template = export(&house, &house.teacher, "to-end2").await.unwrap();
    let [rows, _] = opened(&template.file);
    assert_eq!(rows[FIRST].cell(COMMENT), &text("'-Cần cố gắng"));
    let import = preview(
        &house,
        &session,
        saved(&template.file, |rows| {
            set(&mut rows[FIRST + 1], SCORE, Cell::Number(10.0))
        }),
        "",
    )
    .await
    .unwrap();
    assert_eq!(
        (import.cell_count, import.findings.len()),
        (1, 0),
        "{:#?}",
        import.findings
    );
    // Somebody types on the page between preview and commit.
    draft(&house, &session, 2, "H", 5, "").await;
    let stale = commit(&house, &import.name, &[], "").await.unwrap_err();
    assert_eq!(reason(&stale), "IMPORT_STALE");
    let emptied = saved(
        &export(&house, &house.teacher, "to-end2").await.unwrap().file,
        |rows| {
            for column in [LEVEL, SCORE, COMMENT] {
                set(&mut rows[FIRST], column, Cell::Empty);
            }
        },
    );
    let import = preview(&house, &session, emptied, "").await.unwrap();
    assert_eq!((import.cell_count, found(&import, "EMPTIED").len()), (0, 1));
}
