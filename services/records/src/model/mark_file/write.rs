//! The template, and the same file again with what was found in it.

use rust_xlsxwriter::{
    Color, DataValidation, DataValidationRule, Format, Formula, Note, ProtectionOptions, Workbook, Worksheet,
    XlsxError,
};

use super::{FORMAT, Field, Finding, IDENTITY, Plan, SHEET, Slot, View, parse, unit};
use crate::model::{import::Kind, workbook};

/// Columns before the fields: the pupil's id (hidden), the number, the name.
const BEFORE: u16 = 3;
/// How wide the number and the name are.
const WIDTHS: [f64; 2] = [6.0, 28.0];

/// Writes the template; with a plan, the file that was read and its findings as notes on coloured cells.
///
/// # Errors
/// When the writer refuses: a sheet beyond Excel's limits.
pub fn workbook(view: &View, found: Option<&Plan>, today: time::Date) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name(SHEET)?;
    let title = workbook::title().set_locked();
    for (row, words) in (0..).zip(&view.titles) {
        workbook::text(sheet, (row, 1), words, &title)?;
    }
    let keys = u32::try_from(view.titles.len()).unwrap_or(0) + 1;
    heads(sheet, view, keys)?;
    for (row, (at, line)) in (keys + 2..).zip(view.lines.iter().enumerate()) {
        let boxed = workbook::boxed();
        workbook::text(sheet, (row, 0), &line.pupil.to_string(), &boxed)?;
        workbook::text(sheet, (row, 1), &(at + 1).to_string(), &boxed)?;
        workbook::text(sheet, (row, 2), &line.name, &boxed)?;
        let mut column = BEFORE;
        for (field, (sealed, value)) in view.fields.iter().zip(&line.cells) {
            for slot in field.slots() {
                let of_cell =
                    |it: &&Finding| it.place.as_ref() == Some(&(line.pupil, field.item.clone(), slot));
                let findings: Vec<&Finding> =
                    found.iter().flat_map(|it| &it.findings).filter(of_cell).collect();
                let text = found
                    .and_then(|plan| typed(plan, line.pupil, field, slot))
                    .unwrap_or_else(|| {
                        let shown = value.as_ref().map(|value| field.shown(slot, value, view.scores));
                        shown.unwrap_or_default()
                    });
                let format = dressed(*sealed, &findings);
                match text.replace(',', ".").parse::<f64>() {
                    Ok(number) if slot == Slot::Score => {
                        sheet.write_number_with_format(row, column, number, &format)?;
                    }
                    _ => workbook::text(sheet, (row, column), &text, &format)?,
                }
                if !findings.is_empty() {
                    let words: Vec<&str> = findings.iter().map(|it| it.words.as_str()).collect();
                    let note = Note::new(words.join("\n")).add_author_prefix(false);
                    sheet.insert_note(row, column, &note)?;
                }
                column += 1;
            }
        }
    }
    rules(sheet, view, keys + 2)?;
    sheet.set_freeze_panes(keys + 2, BEFORE)?;
    sheet.protect_with_options(&ProtectionOptions {
        format_columns: true,
        format_rows: true,
        ..ProtectionOptions::default()
    });
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    if let Some(plan) = found {
        whole_rows(&mut book, plan)?;
    }
    identity(&mut book, view)?;
    workbook::bytes(book, today)
}

/// The hidden row of keys and the head that people read.
fn heads(sheet: &mut Worksheet, view: &View, keys: u32) -> Result<(), XlsxError> {
    let head = workbook::head();
    sheet.write(keys, 0, FORMAT)?;
    for (column, title) in (1..).zip(["STT", "Họ và tên"]) {
        workbook::text(sheet, (keys + 1, column), title, &head)?;
    }
    for (column, width) in (1..).zip(WIDTHS) {
        sheet.set_column_width(column, width)?;
    }
    let mut column = BEFORE;
    for field in &view.fields {
        for slot in field.slots() {
            sheet.write(keys, column, field.key(slot))?;
            workbook::text(sheet, (keys + 1, column), &field.title(slot), &head)?;
            let width = match slot {
                Slot::Level | Slot::Score => 11.0,
                Slot::Comment => 48.0,
            };
            sheet.set_column_width(column, width)?;
            column += 1;
        }
    }
    sheet.set_row_hidden(keys)?;
    sheet.set_column_hidden(0)?;
    Ok(())
}

/// What each column takes, with Vietnamese prompts.
fn rules(sheet: &mut Worksheet, view: &View, first: u32) -> Result<(), XlsxError> {
    let count = u32::try_from(view.lines.len()).unwrap_or(0);
    let Some(last) = (first + count).checked_sub(1).filter(|last| *last >= first) else {
        return Ok(());
    };
    let mut column = BEFORE;
    for field in &view.fields {
        for slot in field.slots() {
            let rule = match slot {
                Slot::Level => levels(field)?,
                Slot::Score => scores(view, first, column)?,
                Slot::Comment => comments(view)?,
            };
            sheet.add_data_validation(first, column, last, column, &rule)?;
            column += 1;
        }
    }
    Ok(())
}

fn levels(field: &Field) -> Result<DataValidation, XlsxError> {
    let signs: Vec<&str> = field
        .levels
        .iter()
        .map(|level| level.sign.as_str())
        .chain([parse::EXEMPT, parse::NOT_ASSESSED])
        .collect();
    let words = format!("Chọn một trong: {}.", signs.join(", "));
    DataValidation::new()
        .allow_list_strings(&signs)?
        .set_input_title("Mức đạt được")?
        .set_input_message(words.as_str())?
        .set_error_title("Mức không đúng")?
        .set_error_message(words.as_str())
}

fn comments(view: &View) -> Result<DataValidation, XlsxError> {
    let longest = u32::try_from(view.longest_comment).unwrap_or(u32::MAX);
    let words = format!("Nhiều nhất {longest} kí tự. Không ghi tên học sinh khác.");
    DataValidation::new()
        .allow_text_length(DataValidationRule::LessThanOrEqualTo(longest))
        .set_input_title("Nhận xét")?
        .set_input_message(words.as_str())?
        .set_error_title("Nhận xét quá dài")?
        .set_error_message(words.as_str())
}

fn scores(view: &View, first: u32, column: u16) -> Result<DataValidation, XlsxError> {
    let of = view.scores;
    let (unit, cell) = (unit(of), rust_xlsxwriter::utility::row_col_to_cell(first, column));
    let rule = format!(
        "=OR({cell}=\"{absent}\",AND(ISNUMBER({cell}),{cell}*{unit}>={lowest},{cell}*{unit}<={highest},\
         MOD({cell}*{unit}-{lowest},{step})=0))",
        absent = parse::ABSENT,
        lowest = of.lowest,
        highest = of.highest,
        step = of.step.max(1),
    );
    let words = format!(
        "Điểm từ {} đến {}; {} nếu vắng kiểm tra. Để trống nếu chưa có điểm.",
        of.words(of.lowest),
        of.words(of.highest),
        parse::ABSENT
    );
    DataValidation::new()
        .allow_custom(Formula::new(rule))
        .set_input_title("Điểm kiểm tra")?
        .set_input_message(words.as_str())?
        .set_error_title("Điểm không đúng")?
        .set_error_message(words.as_str())
}

/// Inputs are open, what is sealed is grey and locked, findings have the colour of the worst.
fn dressed(sealed: bool, findings: &[&Finding]) -> Format {
    let boxed = workbook::boxed();
    let format = if sealed {
        boxed.set_background_color(Color::RGB(0x00E7_E6E6))
    } else {
        boxed.set_unlocked()
    };
    let of = |kind: Kind| findings.iter().any(|it| it.kind == kind);
    let colour = if of(Kind::Error) {
        0x00FF_C7CE
    } else if of(Kind::Choice) {
        0x00FF_EB9C
    } else if of(Kind::Repaired) {
        0x00C6_EFCE
    } else {
        return format;
    };
    format.set_background_color(Color::RGB(colour))
}

fn typed(plan: &Plan, pupil: uuid::Uuid, field: &Field, slot: Slot) -> Option<String> {
    let mut cells = plan.cells.iter();
    let cell = cells.find(|it| it.pupil == pupil && it.item == field.item)?;
    let given = cell.given.iter().find(|it| it.slot == slot)?;
    Some(given.text.clone())
}

/// What was found about whole rows and columns stands on a sheet of its own.
fn whole_rows(book: &mut Workbook, plan: &Plan) -> Result<(), XlsxError> {
    let sheet = book.add_worksheet().set_name("Lỗi")?;
    let (head, boxed) = (workbook::head(), workbook::boxed());
    for (column, (title, width)) in (0..).zip([("Dòng", 8.0), ("Cột", 28.0), ("Phải làm gì", 90.0)]) {
        workbook::text(sheet, (0, column), title, &head)?;
        sheet.set_column_width(column, width)?;
    }
    for (row, finding) in (1..).zip(&plan.findings) {
        let number = if finding.row == 0 {
            String::new()
        } else {
            finding.row.to_string()
        };
        for (column, words) in (0..).zip([&number, &finding.column, &finding.words]) {
            workbook::text(sheet, (row, column), words, &boxed)?;
        }
    }
    Ok(())
}

fn identity(book: &mut Workbook, view: &View) -> Result<(), XlsxError> {
    let stamp = view.stamp();
    let sheet = book.add_worksheet().set_name(IDENTITY)?;
    let facts = [
        ("format", FORMAT),
        ("sheet", &stamp.sheet),
        ("roster", &stamp.roster),
        ("seals", &stamp.seals),
        ("drafts", &stamp.drafts),
    ];
    for (row, (key, value)) in (0..).zip(facts) {
        sheet.write(row, 0, key)?;
        sheet.write(row, 1, value)?;
    }
    sheet.set_very_hidden(true).protect();
    Ok(())
}
