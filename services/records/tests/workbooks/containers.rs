//! Files that are no workbook, or one that means harm.

use std::{collections::BTreeMap, fmt::Write as _};

use hocba_records::model::{import::Kind, spreadsheet};
use rstest::rstest;
use rust_xlsxwriter::Workbook;
use zip::CompressionMethod::{Deflated, Stored};

use crate::house::{Fate, SHEET, book, list, meets, parts, replaced, zipped};

fn good() -> Vec<u8> {
    book(|_| {})
}

/// The good list with one more part.
fn with_part(name: &str, content: Vec<u8>) -> Vec<u8> {
    let mut parts = parts(&good());
    parts.insert(name.to_owned(), content);
    zipped(&parts, Deflated)
}

fn without(part: &str) -> Vec<u8> {
    let mut parts = parts(&good());
    parts.remove(part).unwrap();
    zipped(&parts, Deflated)
}

/// A bomb whose directory says that its parts are empty.
fn lying() -> Vec<u8> {
    let mut bytes = with_part("xl/media/bomb", vec![0; 40 << 20]);
    let found: Vec<usize> = bytes
        .windows(4)
        .enumerate()
        .filter(|(_, window)| *window == b"PK\x01\x02")
        .map(|(at, _)| at)
        .collect();
    for at in found {
        bytes[at + 24..at + 28].copy_from_slice(&0_u32.to_le_bytes());
    }
    bytes
}

/// The good list with the flag of encryption on every part.
fn locked() -> Vec<u8> {
    let mut bytes = good();
    for (signature, offset) in [(b"PK\x01\x02", 8), (b"PK\x03\x04", 6)] {
        let found: Vec<usize> = bytes
            .windows(4)
            .enumerate()
            .filter(|(_, window)| window == signature)
            .map(|(at, _)| at)
            .collect();
        for at in found {
            bytes[at + offset] |= 1;
        }
    }
    bytes
}

fn cut(share: usize) -> Vec<u8> {
    let bytes = good();
    bytes[..bytes.len() * share / 100].to_vec()
}

fn sheets(count: usize) -> Vec<u8> {
    let mut book = Workbook::new();
    list(book.add_worksheet(), 0);
    for _ in 1..count {
        book.add_worksheet();
    }
    book.save_to_buffer().unwrap()
}

/// A sheet whose cells we write ourselves.
fn raw(cells: &str) -> Vec<u8> {
    let data = "<sheetData>";
    replaced(&good(), SHEET, data, &format!("{data}{cells}"))
}

fn rows(count: u32) -> Vec<u8> {
    let mut cells = String::new();
    for row in 10..10 + count {
        write!(cells, r#"<row r="{row}"><c r="A{row}"><v>1</v></c></row>"#).unwrap();
    }
    replaced(&good(), SHEET, "</sheetData>", &format!("{cells}</sheetData>"))
}

fn laughs() -> Vec<u8> {
    let mut entities = String::from("<!ENTITY a0 \"ha\">");
    for at in 1..20 {
        let before = at - 1;
        write!(
            entities,
            "<!ENTITY a{at} \"&a{before};&a{before};&a{before};&a{before};\">"
        )
        .unwrap();
    }
    let head = "<worksheet ";
    let text = format!("<!DOCTYPE worksheet [{entities}]>{head}");
    let bytes = replaced(&good(), SHEET, head, &text);
    replaced(&bytes, "xl/sharedStrings.xml", "Nguyễn Văn An", "&a19;")
}

fn zip_of(parts: &[(&str, &str)]) -> Vec<u8> {
    let parts: BTreeMap<_, _> = parts
        .iter()
        .map(|(name, content)| ((*name).to_owned(), content.as_bytes().to_vec()))
        .collect();
    zipped(&parts, Stored)
}

const OLE: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, 0, 0];

#[rstest]
#[case::nothing(Vec::new(), Fate::Refused(".xlsx"))]
#[case::one_byte(vec![b'P'], Fate::Refused(".xlsx"))]
#[case::text(b"Danh sach hoc sinh".to_vec(), Fate::Refused(".xlsx"))]
#[case::csv("Mã học sinh;Họ và tên\n1;An".as_bytes().to_vec(), Fate::Refused(".xlsx"))]
#[case::html_named_xls(b"<html><table><tr><td>An</td></tr></table></html>".to_vec(), Fate::Refused(".xlsx"))]
#[case::old_xls(OLE.to_vec(), Fate::Refused("kiểu cũ hoặc có mật khẩu"))]
#[case::encrypted([OLE, "EncryptedPackage".as_bytes()].concat(), Fate::Refused("mật khẩu"))]
#[case::locked_parts(locked(), Fate::Refused("mật khẩu"))]
#[case::ods(
    zip_of(&[("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", "<x/>")]),
    Fate::Refused(".xlsx")
)]
#[case::docx(zip_of(&[("word/document.xml", "<w/>"), ("[Content_Types].xml", "<Types/>")]), Fate::Refused(".xlsx"))]
#[case::any_zip(zip_of(&[("a.txt", "a")]), Fate::Refused(".xlsx"))]
#[case::only_the_magic(b"PK\x03\x04".to_vec(), Fate::Refused("hỏng"))]
#[case::half(cut(50), Fate::Refused("hỏng"))]
#[case::nearly_whole(cut(99), Fate::Refused("hỏng"))]
#[case::too_large(vec![b'P'; spreadsheet::LARGEST + 1], Fate::Refused("5 MB"))]
#[case::bomb(with_part("xl/media/bomb", vec![0; 40 << 20]), Fate::Refused("quá nhiều dữ liệu"))]
#[case::lying_bomb(lying(), Fate::Refused(""))]
#[case::steep_bomb(with_part("xl/media/bomb", vec![b' '; 8 << 20]), Fate::Refused("quá nhiều dữ liệu"))]
#[case::bomb_in_a_sheet(raw(&" ".repeat(8 << 20)), Fate::Refused("quá nhiều dữ liệu"))]
#[case::too_many_parts(
    zipped(&(0..501).map(|at| (format!("p{at}"), Vec::new())).collect(), Stored),
    Fate::Refused("quá nhiều dữ liệu")
)]
#[case::too_many_sheets(sheets(51), Fate::Refused("50 trang tính"))]
#[case::too_many_rows(rows(5_001), Fate::Refused("5.000 dòng"))]
#[case::too_many_columns(book(|sheet| { sheet.write(1, 200, "x").unwrap(); }), Fate::Refused("200 cột"))]
#[case::the_farthest_cell(book(|sheet| { sheet.write(1_048_575, 16_383, "x").unwrap(); }), Fate::Refused("200 cột"))]
#[case::rows_beyond_numbers(
    raw(r#"<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>"#),
    Fate::Refused("")
)]
#[case::no_reference_but_letters(
    raw(r#"<row r="1"><c r="ABCDEFGHIJ"><v>1</v></c></row>"#),
    Fate::Refused("")
)]
#[case::a_string_that_is_not_there(
    raw(r#"<row r="1"><c r="A1" t="s"><v>4294967295</v></c></row>"#),
    Fate::Refused("")
)]
#[case::sheet_cut_short(replaced(&good(), SHEET, "</sheetData>", ""), Fate::Refused("không đọc được"))]
#[case::sheet_is_no_xml(replaced(&good(), SHEET, "<sheetData>", "<sheetData><row><c></row>"), Fate::Refused("không đọc được"))]
#[case::no_sheet(without(SHEET), Fate::Refused("không đọc được"))]
#[case::no_workbook(without("xl/workbook.xml"), Fate::Refused(""))]
#[case::no_relations(without("xl/_rels/workbook.xml.rels"), Fate::Refused(".xlsx"))]
#[case::laughing_entities(laughs(), Fate::Refused(""))]
#[case::a_dimension_that_lies(
    replaced(&good(), SHEET, "<dimension ref=\"A1:J4\"/>", "<dimension ref=\"A1:XFD1048576\"/>"),
    Fate::Good
)]
#[case::not_packed(zipped(&parts(&good()), Stored), Fate::Good)]
#[case::a_cell_twice(
    replaced(&good(), SHEET, "</sheetData>", r#"<row r="4"><c r="J4"><v>7</v></c></row></sheetData>"#),
    Fate::Finds("REGISTER_NUMBER_AS_NUMBER", 4, Kind::Repaired)
)]
fn a4_1_a_file_is_judged_before_it_is_read(#[case] bytes: Vec<u8>, #[case] fate: Fate) {
    meets("", &bytes, fate);
}
