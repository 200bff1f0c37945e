//! An .xlsx file as rows of cells. Its limits are judged before anything of it is unfolded into memory, and
//! whatever the bytes are, the answer is rows or words, never a panic.

use std::{
    collections::BTreeMap,
    io::{self, Cursor, Read as _},
    panic::{AssertUnwindSafe, catch_unwind},
};

use calamine::{Data, Reader as _, SheetType, SheetVisible, Xlsx};
use zip::ZipArchive;

/// The largest file, in bytes.
pub const LARGEST: usize = 5 * 1024 * 1024;
/// The most rows with something in them.
pub const MOST_ROWS: usize = 5_000;
/// The most columns.
pub const MOST_COLUMNS: usize = 200;
/// The most sheets.
const MOST_SHEETS: usize = 50;
/// The most parts of the zip.
const MOST_PARTS: usize = 500;
/// The most the parts may unfold to, in bytes.
const MOST_UNFOLDED: u64 = 32 * 1024 * 1024;
/// The most a file may grow by unfolding, once it is larger than a small one.
const MOST_RATIO: u64 = 100;
/// Below this a file may grow as it likes: a sheet of blanks packs very well.
const SMALL: u64 = 2 * 1024 * 1024;

const DAMAGED: &str = "Tệp bị hỏng hoặc chưa tải hết: xin tải lại rồi nạp lại.";
const NO_XLSX: &str = "Tệp không phải bảng tính .xlsx: mở bằng Excel, lưu dạng .xlsx rồi nạp lại.";
const OLD_OR_LOCKED: &str =
    "Tệp .xls kiểu cũ hoặc có mật khẩu: mở bằng Excel, bỏ mật khẩu, lưu dạng .xlsx rồi nạp lại.";
const TOO_MUCH: &str = "Tệp nén chứa quá nhiều dữ liệu.";

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
    /// Something that is there and says nothing: why, Vietnamese.
    Unreadable(&'static str),
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

/// A sheet that was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// The rows with something in them, in order.
    pub rows: Vec<Row>,
    /// Further visible sheets, which were not read.
    pub unread: Vec<String>,
}

/// Reads the first visible sheet.
///
/// # Errors
/// What is wrong with the file, Vietnamese.
pub fn read(bytes: &[u8]) -> Result<Sheet, String> {
    guarded(bytes, |book| {
        let mut names = sheets(book, |visible| visible == SheetVisible::Visible).into_iter();
        let name = names.next().ok_or("Tệp không có trang tính nào.")?;
        Ok(Sheet {
            rows: rows(book, &name)?,
            name,
            unread: names.collect(),
        })
    })
}

/// Reads two sheets of one file by name: what we wrote ourselves, come back. `None` for one that is not there.
///
/// # Errors
/// What is wrong with the file, Vietnamese.
pub fn read_named(bytes: &[u8], names: [&str; 2]) -> Result<[Option<Vec<Row>>; 2], String> {
    guarded(bytes, |book| {
        let there = sheets(book, |_| true);
        let mut read = |name: &str| {
            let is_there = there.iter().any(|own| own == name);
            is_there.then(|| rows(book, name)).transpose()
        };
        let [first, second] = names;
        Ok([read(first)?, read(second)?])
    })
}

type Book<'a> = Xlsx<Cursor<&'a [u8]>>;

/// Judges the container, then reads. The reader of the format is not ours: where it panics, the file is unreadable.
fn guarded<T>(bytes: &[u8], reading: impl FnOnce(&mut Book<'_>) -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(|| {
        judge(bytes)?;
        let mut book: Book<'_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| NO_XLSX)?;
        if book.sheets_metadata().len() > MOST_SHEETS {
            return Err(format!("Tệp có quá {MOST_SHEETS} trang tính."));
        }
        reading(&mut book)
    }))
    .unwrap_or_else(|_| Err(DAMAGED.to_owned()))
}

/// Size, kind and what the parts unfold to: counted, as a directory may lie.
fn judge(bytes: &[u8]) -> Result<(), String> {
    if bytes.len() > LARGEST {
        return Err("Tệp lớn quá 5 MB.".to_owned());
    }
    if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return Err(OLD_OR_LOCKED.to_owned());
    }
    if !bytes.starts_with(b"PK") {
        return Err(NO_XLSX.to_owned());
    }
    let mut parts = ZipArchive::new(Cursor::new(bytes)).map_err(|_| DAMAGED)?;
    if parts.len() > MOST_PARTS {
        return Err(TOO_MUCH.to_owned());
    }
    let packed = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let most = MOST_UNFOLDED.min(packed.saturating_mul(MOST_RATIO).max(SMALL));
    let mut unfolded = 0;
    for at in 0..parts.len() {
        let part = parts.by_index(at).map_err(|_| OLD_OR_LOCKED)?;
        let mut counted = part.take(most.saturating_sub(unfolded) + 1);
        unfolded += io::copy(&mut counted, &mut io::sink()).map_err(|_| DAMAGED)?;
        if unfolded > most {
            return Err(TOO_MUCH.to_owned());
        }
    }
    Ok(())
}

fn sheets(book: &Book<'_>, wanted: impl Fn(SheetVisible) -> bool) -> Vec<String> {
    let sheets = book.sheets_metadata().iter();
    sheets
        .filter(|sheet| sheet.typ == SheetType::WorkSheet && wanted(sheet.visible))
        .map(|sheet| sheet.name.clone())
        .collect()
}

/// Cell by cell: what a sheet says of its own extent is not believed, so that one far cell costs nothing.
fn rows(book: &mut Book<'_>, sheet: &str) -> Result<Vec<Row>, String> {
    let unreadable = || format!("Trang tính «{sheet}» không đọc được.");
    let mut reader = book.worksheet_cells_reader(sheet).map_err(|_| unreadable())?;
    let mut rows = BTreeMap::<u32, Vec<Cell>>::new();
    while let Some(found) = reader
        .next_cell_with_formula_metadata()
        .map_err(|_| unreadable())?
    {
        let cell = cell(&Data::from(found.value), found.formula.is_some());
        if cell == Cell::Empty {
            continue;
        }
        let (row, column) = found.pos;
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= MOST_COLUMNS {
            return Err(format!("Trang tính «{sheet}» có quá {MOST_COLUMNS} cột."));
        }
        let cells = rows.entry(row.saturating_add(1)).or_default();
        if cells.len() <= column {
            cells.resize(column + 1, Cell::Empty);
        }
        if let Some(place) = cells.get_mut(column) {
            *place = cell;
        }
        if rows.len() > MOST_ROWS {
            return Err("Trang tính có quá 5.000 dòng.".to_owned());
        }
    }
    Ok(rows
        .into_iter()
        .map(|(number, cells)| Row { number, cells })
        .collect())
}

fn cell(data: &Data, is_formula: bool) -> Cell {
    match data {
        Data::Empty if is_formula => {
            Cell::Unreadable("Ô là công thức chưa tính: mở bằng Excel, dán lại thành giá trị rồi nạp lại.")
        }
        Data::Empty => Cell::Empty,
        Data::Error(_) => Cell::Unreadable("Ô báo lỗi (như #REF!): sửa trong tệp rồi nạp lại."),
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
        Data::Bool(_) => Cell::Unreadable("Ô là giá trị đúng/sai của Excel: sửa trong tệp rồi nạp lại."),
        Data::DateTime(at) if at.is_duration() => Cell::Number(at.as_f64()),
        Data::DateTime(at) => day(at).map_or(Cell::Number(at.as_f64()), Cell::Date),
    }
}

/// The day of a serial number in the book's own epoch (1900 or, from old Macs, 1904).
fn day(at: &calamine::ExcelDateTime) -> Option<time::Date> {
    let (year, month, day, ..) = at.to_ymd_hms_milli();
    let month = time::Month::try_from(month).ok()?;
    time::Date::from_calendar_date(i32::from(year), month, day).ok()
}
