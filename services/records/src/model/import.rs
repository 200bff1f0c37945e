//! Reading a school office's list of pupils: what would be written, and what was found, by row and column.

mod column;
mod duplicate;
mod finding;
mod register;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

pub use self::{
    column::Column,
    duplicate::choose,
    finding::{Finding, Kind},
};
use super::{
    calendar::{format_day, parse_day},
    pupil::Identity,
    spreadsheet::{Cell, Row, Sheet},
    text::{clean, is_invisible, tone_placed},
};

/// What the file says of one pupil, repaired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedRow {
    /// Row of the sheet.
    pub row: u32,
    /// The class as its id.
    pub class_id: String,
    /// The facts.
    pub identity: Identity,
}

/// The file, read: rows to write and findings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Plan {
    /// Rows in file order; of duplicated rows all, until a choice is made.
    pub rows: Vec<PlannedRow>,
    /// What was found, in row order.
    pub findings: Vec<Finding>,
}

/// What the roster's side must tell: classes of the year by id, with their grade; the official ethnic
/// groups; the calendar year the school year begins in.
#[derive(Debug, Clone)]
pub struct School<'a> {
    /// Class id to grade.
    pub classes: BTreeMap<String, i16>,
    /// Names of the official ethnic groups.
    pub ethnic_groups: &'a BTreeSet<String>,
    /// Such as 2025.
    pub begins: i32,
    /// The personal ids of the school's pupils, with the pupil code of each.
    pub personal_ids: HashMap<String, String>,
}

/// Reads the rows below the head.
///
/// # Errors
/// When there is no head with the columns needed, or a column twice: what is wrong, Vietnamese.
pub fn plan(sheet: &Sheet, school: &School<'_>) -> Result<Plan, String> {
    let rows = &sheet.rows;
    let head = column::find(rows).map_err(|words| format!("Trang tính «{}»: {words}", sheet.name))?;
    let mut reader = Reader {
        school,
        columns: head.columns,
        plan: Plan::default(),
        register_suffix: None,
    };
    if !head.unknown.is_empty() {
        let words = format!("Không đọc các cột ngoài mẫu: {}.", head.unknown.join(", "));
        reader.found(Finding::note(head.number, None, "COLUMN_UNKNOWN", words));
    }
    if !sheet.unread.is_empty() {
        let words = format!("Không đọc các trang tính khác: {}.", sheet.unread.join(", "));
        reader.found(Finding::note(1, None, "SHEET_UNREAD", words));
    }
    reader.register_suffix = reader.common_suffix(rows);
    let mut before = head.number;
    for row in rows.iter().skip(head.at + 1) {
        reader.gap(before, row.number);
        reader.row(row);
        before = row.number;
    }
    let mut plan = reader.plan;
    plan.findings.extend(duplicate::find(&plan.rows));
    plan.findings.sort_by_key(|finding| finding.row);
    Ok(plan)
}

struct Reader<'a> {
    school: &'a School<'a>,
    columns: BTreeMap<Column, usize>,
    plan: Plan,
    register_suffix: Option<String>,
}

impl Reader<'_> {
    fn cell<'r>(&self, row: &'r Row, column: Column) -> &'r Cell {
        self.columns.get(&column).map_or(&Cell::Empty, |at| row.cell(*at))
    }

    /// Blank rows between two rows: a finding, however many they are.
    fn gap(&mut self, before: u32, next: u32) {
        let (first, last) = (before.saturating_add(1), next.saturating_sub(1));
        if first <= last {
            let words = if first == last {
                "Dòng trống, đã bỏ qua.".to_owned()
            } else {
                format!("Các dòng từ {first} đến {last} trống, đã bỏ qua.")
            };
            self.found(Finding::note(first, None, "BLANK_ROW", words));
        }
    }

    fn row(&mut self, row: &Row) {
        let filled = row.cells.iter().filter(|cell| **cell != Cell::Empty).count();
        let total = row.cells.iter().any(|cell| match cell {
            Cell::Text(text) => clean(text).to_lowercase().starts_with("tổng"),
            Cell::Empty | Cell::Number(_) | Cell::Date(_) | Cell::Unreadable(_) => false,
        });
        if total && filled <= 2 {
            self.found(Finding::note(
                row.number,
                None,
                "TOTAL_ROW",
                "Dòng tổng số, đã bỏ qua.",
            ));
            return;
        }
        let identity = self.identity(row);
        let class = self.class(row);
        if let Some(grade) = self.school.classes.get(&class).copied() {
            self.age(row.number, &identity, grade);
        }
        self.plan.rows.push(PlannedRow {
            row: row.number,
            class_id: class,
            identity,
        });
    }

    fn identity(&mut self, row: &Row) -> Identity {
        let nationality = self.text(row, Column::Nationality);
        let nationality = if nationality.is_empty() {
            "Việt Nam".to_owned()
        } else {
            nationality
        };
        let identity = Identity {
            pupil_code: self.needed(row, Column::Code, "CODE_MISSING"),
            personal_id: self.personal_id(row, nationality == "Việt Nam"),
            display_name: self.needed(row, Column::Name, "NAME_MISSING"),
            sex: self.sex(row),
            birth_date: self.day(row, Column::BirthDate),
            ethnic_group: self.ethnic_group(row, nationality == "Việt Nam"),
            nationality,
            birthplace: self.text(row, Column::Birthplace),
            home_place: self.text(row, Column::HomePlace),
            address: self.text(row, Column::Address),
            father: self.text(row, Column::Father),
            mother: self.text(row, Column::Mother),
            guardian: self.text(row, Column::Guardian),
            register_number: self.register_number(row),
            entry_date: self.day(row, Column::EntryDate),
            disability: self.text(row, Column::Disability),
        };
        self.name(row.number, &identity.display_name);
        if identity.display_name != tone_placed(&identity.display_name) {
            let words = "Tên đặt dấu theo kiểu cũ (như «hoà», «thuý»); giữ nguyên như trong tệp, \
                         xin đối chiếu giấy khai sinh.";
            self.found(Finding::note(row.number, Some(Column::Name), "TONE_STYLE", words));
        }
        if !identity.disability.is_empty() {
            let words = "Học sinh khuyết tật học hòa nhập: được phép «không đánh giá» ở một số ô.";
            self.found(Finding::note(
                row.number,
                Some(Column::Disability),
                "DISABILITY",
                words,
            ));
        }
        identity
    }

    /// The class's id, also from «Lớp 5A» and «5 A».
    fn class(&mut self, row: &Row) -> String {
        let column = Column::Class;
        let text = self.needed(row, column, "CLASS_MISSING").to_lowercase();
        if text.is_empty() || self.school.classes.contains_key(&text) {
            return text;
        }
        let bare: String = text
            .trim_start_matches("lớp")
            .chars()
            .filter(|c| c.is_alphanumeric())
            .collect();
        if self.school.classes.contains_key(&bare) {
            let words = "Tên lớp viết khác danh mục lớp, đã đổi.";
            self.found(Finding::repaired(row.number, column, "CLASS_NAME", words, &bare));
            return bare;
        }
        let words = format!("Năm học này không có lớp «{text}»: tạo lớp trước hoặc sửa tên lớp trong tệp.");
        self.found(Finding::error(row.number, column, "CLASS_UNKNOWN", words));
        text
    }

    /// A name is made of letters: what is not is a slip of the keyboard or a formula.
    fn name(&mut self, row: u32, name: &str) {
        let strange = |c: &char| {
            !c.is_alphabetic()
                && !unicode_normalization::char::is_combining_mark(*c)
                && !" '’-.,()".contains(*c)
        };
        let found = name.chars().find(strange);
        let found = found.or_else(|| name.chars().next().filter(|first| !first.is_alphabetic()));
        if let Some(c) = found {
            let words = format!("Họ và tên có kí tự lạ «{c}»: sửa trong tệp rồi nạp lại.");
            self.found(Finding::error(row, Column::Name, "NAME_INVALID", words));
        }
    }

    /// A text cell, clean; what was unclean about it is a finding.
    fn text(&mut self, row: &Row, column: Column) -> String {
        let raw = match self.cell(row, column) {
            Cell::Empty => return String::new(),
            Cell::Text(text) => text.clone(),
            Cell::Number(number) => number.to_string(),
            Cell::Date(day) => format_day(*day),
            Cell::Unreadable(words) => {
                let words = (*words).to_owned();
                self.found(Finding::error(row.number, column, "CELL_UNREADABLE", words));
                return String::new();
            }
        };
        let cleaned = clean(&raw);
        if cleaned.chars().count() > column.longest() {
            let words = format!(
                "{} dài quá {} kí tự: sửa trong tệp rồi nạp lại.",
                column.title(),
                column.longest()
            );
            self.found(Finding::error(row.number, column, "TOO_LONG", words));
            return cleaned.chars().take(column.longest()).collect();
        }
        if cleaned.starts_with(['=', '+', '-', '@']) {
            let words = "Ô bắt đầu như một công thức: giữ như chữ, không tính.";
            self.found(Finding::note(row.number, Some(column), "FORMULA_TEXT", words));
        }
        if cleaned != raw {
            let blanks = raw.split(' ').collect::<Vec<_>>().join(" ").trim() != raw
                || raw.contains('\u{a0}')
                || raw.contains("  ")
                || raw.contains(['\n', '\t', '\r']);
            let (code, words) = if raw.chars().any(is_invisible) {
                ("INVISIBLE", "Có kí tự không nhìn thấy, đã bỏ.")
            } else if blanks {
                ("BLANKS", "Có khoảng trắng thừa, đã bỏ.")
            } else if raw.contains('\u{d0}') {
                ("LETTER_ETH", "Chữ Ð gõ sai mã, đã đổi thành Đ.")
            } else {
                (
                    "DECOMPOSED",
                    "Chữ gõ bằng dấu tổ hợp, đã chuyển về dạng dựng sẵn.",
                )
            };
            self.found(Finding::repaired(row.number, column, code, words, &cleaned));
        }
        cleaned
    }

    fn needed(&mut self, row: &Row, column: Column, code: &'static str) -> String {
        let text = self.text(row, column);
        if text.is_empty() {
            let words = format!(
                "Thiếu {}: điền vào tệp rồi nạp lại.",
                column.title().to_lowercase()
            );
            self.found(Finding::error(row.number, column, code, words));
        }
        text
    }

    fn personal_id(&mut self, row: &Row, vietnamese: bool) -> Option<String> {
        let column = Column::PersonalId;
        let digits = match self.cell(row, column) {
            Cell::Empty => {
                let words = if vietnamese {
                    "Chưa có số định danh: vẫn ghi được, chỉ không xuất được về Bộ."
                } else {
                    "Học sinh nước ngoài không có số định danh."
                };
                self.found(Finding::note(row.number, Some(column), "ID_MISSING", words));
                return None;
            }
            Cell::Number(number) => {
                let text = format!("{number:012}");
                if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
                    let (code, words) = if text.starts_with('0') {
                        (
                            "LEADING_ZERO_LOST",
                            "Số định danh bị Excel đổi thành số và mất số 0 đầu, đã thêm lại.",
                        )
                    } else {
                        ("ID_AS_NUMBER", "Số định danh là số, đã đổi thành chữ.")
                    };
                    self.found(Finding::repaired(row.number, column, code, words, &text));
                }
                text
            }
            Cell::Unreadable(_) => {
                self.text(row, column);
                return None;
            }
            Cell::Text(_) | Cell::Date(_) => self.text(row, column),
        };
        if digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit()) {
            self.taken(row, &digits);
            return Some(digits);
        }
        let words = "Số định danh phải có đúng 12 chữ số: sửa trong tệp rồi nạp lại.".to_owned();
        self.found(Finding::error(row.number, column, "ID_INVALID", words));
        None
    }

    /// A personal id that another pupil of the school has: one of the two is wrong.
    fn taken(&mut self, row: &Row, id: &str) {
        let Some(holder) = self.school.personal_ids.get(id) else {
            return;
        };
        let own = match self.cell(row, Column::Code) {
            Cell::Text(text) => clean(text),
            Cell::Number(number) => number.to_string(),
            Cell::Empty | Cell::Date(_) | Cell::Unreadable(_) => String::new(),
        };
        if own != *holder {
            let words =
                format!("Số định danh này đã là của học sinh mã {holder}: sửa trong tệp rồi nạp lại.");
            self.found(Finding::error(row.number, Column::PersonalId, "ID_TAKEN", words));
        }
    }

    fn sex(&mut self, row: &Row) -> String {
        let sex = self.text(row, Column::Sex);
        for known in ["Nam", "Nữ"] {
            if sex == known {
                return sex;
            }
            if sex.to_lowercase() == known.to_lowercase() {
                let words = "Giới tính viết khác mẫu, đã đổi.";
                self.found(Finding::repaired(
                    row.number,
                    Column::Sex,
                    "SEX_CASE",
                    words,
                    known,
                ));
                return known.to_owned();
            }
        }
        let words = "Giới tính phải là Nam hoặc Nữ: sửa trong tệp rồi nạp lại.".to_owned();
        self.found(Finding::error(row.number, Column::Sex, "SEX_INVALID", words));
        String::new()
    }

    fn ethnic_group(&mut self, row: &Row, vietnamese: bool) -> String {
        let present = self.text(row, Column::EthnicGroup);
        let birth = self.text(row, Column::EthnicGroupAtBirth);
        let group = if birth.is_empty() { present.clone() } else { birth };
        if group.is_empty() {
            if vietnamese {
                let words = "Thiếu dân tộc: điền theo giấy khai sinh rồi nạp lại.".to_owned();
                self.found(Finding::error(
                    row.number,
                    Column::EthnicGroup,
                    "ETHNIC_GROUP_MISSING",
                    words,
                ));
            } else {
                let words = "Học sinh nước ngoài để trống dân tộc.";
                self.found(Finding::note(
                    row.number,
                    Some(Column::EthnicGroup),
                    "FOREIGN",
                    words,
                ));
            }
            return group;
        }
        if !self.school.ethnic_groups.contains(&group) {
            let words = format!("«{group}» không có trong danh mục 54 dân tộc: sửa trong tệp rồi nạp lại.");
            self.found(Finding::error(
                row.number,
                Column::EthnicGroup,
                "ETHNIC_GROUP_UNKNOWN",
                words,
            ));
        } else if present != group && !present.is_empty() {
            let words = "Dân tộc khác giấy khai sinh: học bạ ghi theo giấy khai sinh.";
            self.found(Finding::note(
                row.number,
                Some(Column::EthnicGroupAtBirth),
                "ETHNIC_GROUP_DIFFERS",
                words,
            ));
        }
        group
    }

    fn day(&mut self, row: &Row, column: Column) -> String {
        let day = match self.cell(row, column) {
            Cell::Date(day) => Some(*day),
            Cell::Text(_) => {
                let text = self.text(row, column);
                let parts: Vec<&str> = text.split(['/', '-', '.']).map(str::trim).collect();
                let turned = match parts.as_slice() {
                    [year, month, day] if year.len() == 4 => format!("{year}-{month:0>2}-{day:0>2}"),
                    [day, month, year] => format!("{year}-{month:0>2}-{day:0>2}"),
                    _ => String::new(),
                };
                let day = parse_day(&turned);
                if let Some(day) = day {
                    let words = "Ngày gõ dạng chữ ngày/tháng/năm, đã đổi thành ngày.";
                    let day = format_day(day);
                    self.found(Finding::repaired(row.number, column, "DATE_AS_TEXT", words, &day));
                }
                day
            }
            Cell::Number(_) => {
                let words = format!(
                    "{} là số: định dạng cột thành ngày trong tệp rồi nạp lại.",
                    column.title()
                );
                self.found(Finding::error(row.number, column, "DATE_AS_NUMBER", words));
                return String::new();
            }
            Cell::Unreadable(_) => return self.text(row, column),
            Cell::Empty => None,
        };
        let Some(day) = day else {
            let words = format!(
                "{} thiếu hoặc không phải là ngày: sửa trong tệp rồi nạp lại.",
                column.title()
            );
            self.found(Finding::error(row.number, column, "DATE_INVALID", words));
            return String::new();
        };
        if !(self.school.begins - 25..=self.school.begins + 1).contains(&day.year()) {
            let words = format!("{} không hợp lẽ: sửa năm trong tệp rồi nạp lại.", column.title());
            self.found(Finding::error(row.number, column, "DATE_RANGE", words));
        }
        format_day(day)
    }

    fn found(&mut self, finding: Finding) {
        self.plan.findings.push(finding);
    }
}
