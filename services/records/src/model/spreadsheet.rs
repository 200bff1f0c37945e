//! An .xlsx file as rows of cells, within limits.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};

/// The largest file, in bytes.
pub const LARGEST: usize = 5 * 1024 * 1024;
/// The most rows.
pub const MOST_ROWS: usize = 5_000;
/// The most the parts of the file may unfold to, in bytes.
const MOST_UNFOLDED: u64 = 64 * 1024 * 1024;

/// A cell as the office typed it.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Text as it stands, not cleaned.
    Text(String),
    /// A number.
    Number(f64),
    /// A date of the sheet's own kind.
    Date(time::Date),
}

/// A row with its number as the office sees it, from 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// From 1.
    pub number: u32,
    /// Its cells.
    pub cells: Vec<Cell>,
}

impl Row {
    /// The cell in a column, from 0.
    #[must_use]
    pub fn cell(&self, column: usize) -> &Cell {
        self.cells.get(column).unwrap_or(&Cell::Empty)
    }
}

/// Reads the first sheet.
///
/// # Errors
/// What is wrong with the file, Vietnamese.
pub fn read(bytes: &[u8]) -> Result<Vec<Row>, &'static str> {
    if bytes.len() > LARGEST {
        return Err("Tệp lớn quá 5 MB.");
    }
    if unfolded(bytes) > MOST_UNFOLDED {
        return Err("Tệp nén chứa quá nhiều dữ liệu.");
    }
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| "Tệp không phải bảng tính .xlsx.")?;
    let range = book
        .worksheet_range_at(0)
        .ok_or("Tệp không có trang tính nào.")?
        .map_err(|_| "Trang tính đầu tiên không đọc được.")?;
    if range.height() > MOST_ROWS {
        return Err("Trang tính có quá 5.000 dòng.");
    }
    let first = range.start().map_or(0, |(row, _)| row);
    let rows = range.rows().zip(first + 1..);
    Ok(rows
        .map(|(cells, number)| Row {
            number,
            cells: cells.iter().map(cell).collect(),
        })
        .collect())
}

/// What the parts of a zip file say they unfold to: the sizes in its central directory. calamine unfolds
/// part by part, so a lie here only makes it stop at the lie.
fn unfolded(bytes: &[u8]) -> u64 {
    const ENTRY: &[u8] = b"PK\x01\x02";
    bytes
        .windows(28)
        .filter(|window| window.starts_with(ENTRY))
        .filter_map(|window| window.get(24..28)?.try_into().ok())
        .map(|size: [u8; 4]| u64::from(u32::from_le_bytes(size)))
        .sum()
}

fn cell(data: &Data) -> Cell {
    match data {
        Data::Empty | Data::Error(_) => Cell::Empty,
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => {
            if text.trim().is_empty() {
                Cell::Empty
            } else {
                Cell::Text(text.clone())
            }
        }
        Data::Float(number) => Cell::Number(*number),
        #[expect(
            clippy::cast_precision_loss,
            reason = "a spreadsheet's own numbers are floats"
        )]
        Data::Int(number) => Cell::Number(*number as f64),
        Data::Bool(truth) => Cell::Text(if *truth { "TRUE" } else { "FALSE" }.to_owned()),
        Data::DateTime(at) => excel_day(at.as_f64()).map_or(Cell::Empty, Cell::Date),
    }
}

/// The day of a serial number: days since 30 December 1899.
fn excel_day(serial: f64) -> Option<time::Date> {
    let epoch = time::Date::from_calendar_date(1899, time::Month::December, 30).ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "the fraction is the time of day")]
    let days = serial.floor() as i64;
    epoch.checked_add(time::Duration::days(days))
}
