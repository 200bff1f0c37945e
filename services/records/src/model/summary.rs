//! The class summary (bảng tổng hợp kết quả đánh giá giáo dục) and the list of who is missing what, as spreadsheets.
//! The nine layouts are what the rule set says of a grade in a period: nothing about them stands here.

use std::collections::BTreeMap;

use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};
use uuid::Uuid;

use super::{
    cell::{Mark, Value},
    workbook,
};

/// A column group of the summary: a line of the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The item.
    pub item: String,
    /// Its name.
    pub name: String,
    /// The part of the book it stands in, as printed.
    pub part: &'static str,
    /// Levels as written, by their id.
    pub signs: BTreeMap<String, String>,
    /// Whether it has a score in this period.
    pub tested: bool,
}

/// A pupil's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The name.
    pub name: String,
    /// Sealed values by item.
    pub cells: BTreeMap<String, Value>,
    /// At the end of the year: result, awards, promotion, as printed.
    pub year: Option<[String; 3]>,
}

/// A class summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Lines above the table.
    pub titles: Vec<String>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its pupils in roster order.
    pub lines: Vec<Line>,
}

const FIRST: u32 = 6;

/// Writes the summary.
///
/// # Errors
/// When the writer refuses.
pub fn summary(of: &Summary, today: time::Date) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Tổng hợp")?;
    titles(sheet, &of.titles)?;
    let head = workbook::head();
    let boxed = workbook::boxed();
    for (column, (title, width)) in (0..).zip([("STT", 6.0), ("Họ và tên", 28.0)]) {
        sheet.merge_range(FIRST - 2, column, FIRST, column, title, &head)?;
        sheet.set_column_width(column, width)?;
    }
    let mut at = 2;
    let mut groups: Vec<(&str, u16)> = Vec::new();
    for column in &of.columns {
        let width = 1 + u16::from(column.tested);
        match groups.last_mut() {
            Some((part, wide)) if *part == column.part => *wide += width,
            _ => groups.push((column.part, width)),
        }
        span(sheet, (FIRST - 1, at), width, &column.name)?;
        workbook::text(sheet, (FIRST, at), "Mức", &head)?;
        if column.tested {
            workbook::text(sheet, (FIRST, at + 1), "Điểm", &head)?;
        }
        at += width;
    }
    let mut from = 2;
    for (part, width) in groups {
        span(sheet, (FIRST - 2, from), width, part)?;
        from += width;
    }
    if of.lines.iter().any(|line| line.year.is_some()) {
        for (column, title) in (at..).zip(["Kết quả năm học", "Khen thưởng", "Lên lớp"]) {
            sheet.merge_range(FIRST - 2, column, FIRST, column, title, &head)?;
            sheet.set_column_width(column, 18.0)?;
        }
    }
    for (row, (number, line)) in (FIRST + 1..).zip((1..).zip(&of.lines)) {
        sheet.write_number_with_format(row, 0, number, &boxed)?;
        workbook::text(sheet, (row, 1), &line.name, &boxed)?;
        let mut at = 2;
        for column in &of.columns {
            let value = line.cells.get(&column.item);
            workbook::text(sheet, (row, at), &level(column, value), &boxed)?;
            at += 1;
            if column.tested {
                match value.map(|value| (value.mark, value.score)) {
                    Some((_, Some(score))) => {
                        sheet.write_number_with_format(row, at, score, &boxed)?;
                    }
                    Some((Mark::Absent, None)) => workbook::text(sheet, (row, at), "V", &boxed)?,
                    _ => workbook::text(sheet, (row, at), "", &boxed)?,
                }
                at += 1;
            }
        }
        for (column, words) in (at..).zip(line.year.iter().flatten()) {
            workbook::text(sheet, (row, column), words, &boxed)?;
        }
    }
    counts(sheet, of)?;
    sheet.set_freeze_panes(FIRST + 1, 2)?;
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    workbook::bytes(book, today)
}

/// What stands for a level: the sign, or why there is none; nothing while the cell is not sealed.
fn level(column: &Column, value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(value) => match value.mark {
            Mark::Exempt => "Miễn".to_owned(),
            Mark::NotAssessed => "KĐG".to_owned(),
            Mark::Assessed | Mark::Absent => column
                .signs
                .get(&value.level)
                .cloned()
                .unwrap_or_else(|| value.level.clone()),
        },
    }
}

/// Below the pupils: how many have each level.
fn counts(sheet: &mut Worksheet, of: &Summary) -> Result<(), XlsxError> {
    let head = workbook::head();
    let boxed = workbook::boxed();
    let mut signs: Vec<&String> = Vec::new();
    for sign in of.columns.iter().flat_map(|column| column.signs.values()) {
        if !signs.contains(&sign) {
            signs.push(sign);
        }
    }
    let below = FIRST + 1 + u32::try_from(of.lines.len()).unwrap_or(0);
    for (row, sign) in (below..).zip(signs) {
        workbook::text(sheet, (row, 0), "", &head)?;
        workbook::text(sheet, (row, 1), &format!("Số học sinh mức {sign}"), &head)?;
        let mut at = 2;
        for column in &of.columns {
            let has = |line: &&Line| level(column, line.cells.get(&column.item)) == *sign;
            if column.signs.values().any(|own| own == sign) {
                let count = of.lines.iter().filter(has).count();
                sheet.write_number_with_format(row, at, u32::try_from(count).unwrap_or(u32::MAX), &boxed)?;
            }
            at += 1 + u16::from(column.tested);
        }
    }
    Ok(())
}

/// A head over several columns: Excel merges two and more.
fn span(sheet: &mut Worksheet, (row, column): (u32, u16), width: u16, title: &str) -> Result<(), XlsxError> {
    let head = workbook::head();
    if width > 1 {
        sheet.merge_range(row, column, row, column + width - 1, title, &head)?;
    } else {
        workbook::text(sheet, (row, column), title, &head)?;
    }
    Ok(())
}

fn titles(sheet: &mut Worksheet, titles: &[String]) -> Result<(), XlsxError> {
    for (row, words) in (0..).zip(titles) {
        workbook::text(sheet, (row, 0), words, &workbook::title())?;
    }
    Ok(())
}

/// A sheet that lacks cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The class.
    pub class: String,
    /// The subject, or the homeroom teacher's sheet.
    pub sheet: String,
    /// Who enters it; empty while nobody is assigned.
    pub teacher: String,
    /// Whose cells are missing: name and what.
    pub missing: Vec<(Uuid, String, String)>,
    /// How many cells it needs.
    pub required: usize,
}

/// Writes who is missing what: a sheet of sheets, a sheet of pupils.
///
/// # Errors
/// When the writer refuses.
pub fn completeness(lines: &[String], gaps: &[Gap], today: time::Date) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let (head, boxed) = (workbook::head(), workbook::boxed());
    let sheet = book.add_worksheet().set_name("Bảng điểm còn thiếu")?;
    titles(sheet, lines)?;
    let heads = [
        ("Lớp", 10.0),
        ("Môn, mục", 30.0),
        ("Giáo viên", 30.0),
        ("Còn thiếu", 12.0),
        ("Phải có", 12.0),
    ];
    for (column, (title, width)) in (0..).zip(heads) {
        workbook::text(sheet, (4, column), title, &head)?;
        sheet.set_column_width(column, width)?;
    }
    for (row, gap) in (5..).zip(gaps) {
        for (column, words) in (0..).zip([&gap.class, &gap.sheet, &gap.teacher]) {
            workbook::text(sheet, (row, column), words, &boxed)?;
        }
        for (column, count) in (3..).zip([gap.missing.len(), gap.required]) {
            sheet.write_number_with_format(row, column, u32::try_from(count).unwrap_or(u32::MAX), &boxed)?;
        }
    }
    sheet.set_freeze_panes(5, 0)?;
    let sheet = book.add_worksheet().set_name("Học sinh còn thiếu")?;
    let heads = [
        ("Lớp", 10.0),
        ("Họ và tên", 30.0),
        ("Ô còn thiếu", 40.0),
        ("Giáo viên", 30.0),
    ];
    for (column, (title, width)) in (0..).zip(heads) {
        workbook::text(sheet, (0, column), title, &head)?;
        sheet.set_column_width(column, width)?;
    }
    let missing = gaps
        .iter()
        .flat_map(|gap| gap.missing.iter().map(move |it| (gap, it)));
    for (row, (gap, (_, name, item))) in (1..).zip(missing) {
        for (column, words) in (0..).zip([&gap.class, name, item, &gap.teacher]) {
            workbook::text(sheet, (row, column), words, &boxed)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    workbook::bytes(book, today)
}
