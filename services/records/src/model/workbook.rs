//! What all our spreadsheets have in common: looks, text that never computes, a date that is not the machine's.

use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use super::text::escape_formula;

/// Bold, large: what the sheet is.
#[must_use]
pub fn title() -> Format {
    Format::new().set_bold().set_font_size(14)
}

/// The head of a table.
#[must_use]
pub fn head() -> Format {
    boxed()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Center)
        .set_align(FormatAlign::VerticalCenter)
        .set_background_color(Color::RGB(0x00DD_EBF7))
}

/// A cell of a table, locked where the sheet is protected.
#[must_use]
pub fn boxed() -> Format {
    Format::new()
        .set_border(FormatBorder::Thin)
        .set_align(FormatAlign::Top)
        .set_text_wrap()
}

/// Writes text; what a spreadsheet program would take for a formula is escaped.
pub fn text(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    words: &str,
    format: &Format,
) -> Result<(), XlsxError> {
    if words.is_empty() {
        sheet.write_blank(row, column, format)?;
    } else {
        sheet.write_string_with_format(row, column, escape_formula(words), format)?;
    }
    Ok(())
}

/// The bytes. The file's own date is the caller's: the same content gives the same bytes.
pub fn bytes(mut book: Workbook, today: time::Date) -> Result<Vec<u8>, XlsxError> {
    let year = u16::try_from(today.year()).unwrap_or(1900);
    let day = ExcelDateTime::from_ymd(year, today.month().into(), today.day())?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&day));
    book.save_to_buffer()
}

/// A name for a sheet of a workbook: at most 31 characters, none that Excel forbids.
#[must_use]
pub fn sheet_name(words: &str) -> String {
    words
        .chars()
        .filter(|c| !r"[]:*?/\'".contains(*c))
        .take(31)
        .collect()
}
