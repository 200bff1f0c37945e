//! A good list of pupils, and what tests do to it.

use std::{
    collections::{BTreeMap, HashMap},
    io::{Cursor, Read as _, Write as _},
};

use hocba_records::model::{
    ethnic_group,
    import::{self, Kind, Plan, School},
    spreadsheet,
};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

pub(crate) const HEAD: [&str; 10] = [
    "Mã học sinh",
    "Số ĐDCN",
    "Họ và tên",
    "Ngày sinh",
    "Giới tính",
    "Dân tộc",
    "Ngày vào trường",
    "Lớp",
    "Chỗ ở hiện nay",
    "Số đăng bộ",
];
pub(crate) const CODE: u16 = 0;
pub(crate) const ID: u16 = 1;
pub(crate) const NAME: u16 = 2;
pub(crate) const BORN: u16 = 3;
pub(crate) const SEX: u16 = 4;
pub(crate) const ETHNIC: u16 = 5;
pub(crate) const CLASS: u16 = 7;
pub(crate) const ADDRESS: u16 = 8;

const PUPILS: [[&str; 3]; 3] = [
    ["01018A0001", "001215000001", "Nguyễn Văn An"],
    ["01018A0002", "001215000002", "Trần Thị Bình"],
    ["01018A0003", "001215000003", "Đỗ Minh Châu"],
];

/// Writes the good list from a row on: a head and three pupils.
pub(crate) fn list(sheet: &mut Worksheet, from: u32) {
    let day = Format::new().set_num_format("dd/mm/yyyy");
    for (at, title) in (0..).zip(HEAD) {
        sheet.write(from, at, title).unwrap();
    }
    for (row, [code, id, name]) in (from + 1..).zip(PUPILS) {
        let texts = [
            code,
            id,
            name,
            "",
            "Nam",
            "Kinh",
            "",
            "5A",
            "Xã Phù Đổng",
            "0001/TH",
        ];
        for (at, text) in (0..).zip(texts) {
            sheet.write(row, at, text).unwrap();
        }
        let date = |year, month, day| ExcelDateTime::from_ymd(year, month, day).unwrap();
        sheet
            .write_with_format(row, BORN, date(2015, 3, 2), &day)
            .unwrap();
        sheet.write_with_format(row, 6, date(2021, 8, 15), &day).unwrap();
    }
}

/// The good list with something done to it; row 1 is the first pupil, row 2 of the office.
pub(crate) fn book(edit: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    list(sheet, 0);
    edit(sheet);
    book.save_to_buffer().unwrap()
}

/// The parts of a file.
pub(crate) fn parts(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|at| {
            let mut part = archive.by_index(at).unwrap();
            let mut content = Vec::new();
            part.read_to_end(&mut content).unwrap();
            (part.name().unwrap().to_string(), content)
        })
        .collect()
}

/// A file of parts.
pub(crate) fn zipped(parts: &BTreeMap<String, Vec<u8>>, method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(name.as_str(), options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The good list with words of one of its parts replaced.
pub(crate) fn replaced(bytes: &[u8], part: &str, from: &str, to: &str) -> Vec<u8> {
    let mut parts = parts(bytes);
    let text = String::from_utf8(parts.remove(part).unwrap()).unwrap();
    assert!(text.contains(from), "{part} has no {from}: {text}");
    parts.insert(part.to_owned(), text.replace(from, to).into_bytes());
    zipped(&parts, CompressionMethod::Deflated)
}

pub(crate) const SHEET: &str = "xl/worksheets/sheet1.xml";

pub(crate) fn school() -> School<'static> {
    School {
        classes: BTreeMap::from([("5a".to_owned(), 5), ("5b".to_owned(), 5)]),
        ethnic_groups: ethnic_group::names(),
        begins: 2025,
        personal_ids: HashMap::from([("001215999999".to_owned(), "01018A0999".to_owned())]),
    }
}

/// Reads a file as an import does.
pub(crate) fn read(bytes: &[u8]) -> Result<Plan, String> {
    let sheet = spreadsheet::read(bytes)?;
    import::plan(&sheet, &school())
}

/// What must become of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fate {
    /// Refused with words that hold these.
    Refused(&'static str),
    /// Read with this finding, at a row, of a kind.
    Finds(&'static str, u32, Kind),
    /// Read rightly: three pupils, no error, no choice.
    Good,
}

/// Checks it.
pub(crate) fn meets(name: &str, bytes: &[u8], fate: Fate) {
    let plan = read(bytes);
    match (fate, plan) {
        (Fate::Refused(words), Err(said)) => assert!(said.contains(words), "{name}: {said}"),
        (Fate::Finds(code, row, kind), Ok(plan)) => {
            let found = plan.findings.iter().find(|it| it.code == code);
            let found = found.unwrap_or_else(|| panic!("{name}: no {code} among {:#?}", plan.findings));
            assert_eq!((found.row, found.kind), (row, kind), "{name}: {found:?}");
            assert!(!found.words.is_empty(), "{name}");
            let errors = plan.findings.iter().filter(|it| it.kind == Kind::Error).count();
            assert_eq!(errors > 0, kind == Kind::Error, "{name}: {:#?}", plan.findings);
        }
        (Fate::Good, Ok(plan)) => {
            assert_eq!(plan.rows.len(), 3, "{name}");
            let bad = |kind: Kind| matches!(kind, Kind::Error | Kind::Choice);
            assert!(
                plan.findings.iter().all(|it| !bad(it.kind)),
                "{name}: {:#?}",
                plan.findings
            );
            assert!(
                plan.rows
                    .iter()
                    .all(|row| row.identity.birth_date == "2015-03-02"),
                "{name}: {:?}",
                plan.rows
            );
            assert_eq!(plan.rows[2].identity.display_name, "Đỗ Minh Châu", "{name}");
        }
        (fate, other) => panic!("{name}: expected {fate:?}, got {other:#?}"),
    }
}
