//! Any rows below the office's titles: past the container, where the quirks are. A line is a row, a tab ends a cell;
//! `=` begins a number, `@` a day.
#![no_main]

use hocba_records::model::spreadsheet::{Cell, Row, Sheet};
use libfuzzer_sys::fuzz_target;

const TITLES: &str = "STT\tMã học sinh\tSố ĐDCN\tHọ và tên\tNgày sinh\tGiới tính\tDân tộc\tDân tộc (khai sinh)\tQuốc tịch\t\
    Nơi sinh\tQuê quán\tChỗ ở hiện nay\tHọ tên cha\tHọ tên mẹ\tNgười giám hộ\tSố đăng bộ\tNgày vào trường\tLớp\t\
    Khuyết tật\tGhi chú";

fn cell(text: &str) -> Cell {
    let number = |rest: &str| rest.parse().ok().map(Cell::Number);
    let day = |rest: &str| Some(Cell::Date(time::Date::from_julian_day(rest.parse().ok()?).ok()?));
    let special = match text.split_at_checked(1) {
        Some(("=", rest)) => number(rest),
        Some(("@", rest)) => day(rest),
        Some(_) | None => None,
    };
    special.unwrap_or_else(|| match text {
        "" => Cell::Empty,
        _ => Cell::Text(text.to_owned()),
    })
}

fuzz_target!(|text: &str| {
    let lines = std::iter::once(TITLES).chain(text.lines());
    let rows = (1..).zip(lines).map(|(number, line)| Row {
        number,
        cells: line.split('\t').map(cell).collect(),
    });
    hocba_fuzz::plan(&Sheet {
        name: "DanhSachHS".to_owned(),
        rows: rows.collect(),
        unread: Vec::new(),
    });
});
