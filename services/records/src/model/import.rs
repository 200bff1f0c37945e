//! Reading a school office's list of pupils: what would be written, and what was found, by row and column.

mod column;
mod finding;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

pub use self::{
    column::Column,
    finding::{Finding, Kind},
};
use super::{
    calendar::{format_day, parse_day},
    pupil::Identity,
    spreadsheet::{Cell, Row},
    text::{clean, tone_placed},
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
}

/// Reads the rows below the head.
///
/// # Errors
/// When there is no head with the columns needed: what is missing, Vietnamese.
pub fn plan(rows: &[Row], school: &School<'_>) -> Result<Plan, String> {
    let (head, columns) = column::find(rows)?;
    let mut reader = Reader {
        school,
        columns,
        plan: Plan::default(),
        register_suffix: None,
    };
    reader.register_suffix = reader.common_suffix(rows);
    for row in rows.iter().skip(head + 1) {
        reader.row(row);
    }
    reader.duplicates();
    let mut plan = reader.plan;
    plan.findings.sort_by_key(|finding| finding.row);
    Ok(plan)
}

/// Applies choices: the rows that will be written.
///
/// # Errors
/// The findings that still need a choice, or whose choice is none of theirs.
pub fn choose(plan: &Plan, choices: &HashMap<String, String>) -> Result<Vec<PlannedRow>, Vec<Finding>> {
    let mut open = Vec::new();
    let mut dropped = BTreeSet::new();
    for finding in plan
        .findings
        .iter()
        .filter(|finding| finding.kind == Kind::Choice)
    {
        match choices
            .get(&finding.id)
            .filter(|choice| finding.choices.contains(choice))
            .map(String::as_str)
        {
            Some("keep_first") => {
                dropped.insert(finding.row);
            }
            Some("keep_last") => dropped.extend(finding.other_row),
            Some("skip") => {
                dropped.insert(finding.row);
            }
            Some(_) => {}
            None => open.push(finding.clone()),
        }
    }
    if open.is_empty() {
        Ok(plan
            .rows
            .iter()
            .filter(|row| !dropped.contains(&row.row))
            .cloned()
            .collect())
    } else {
        Err(open)
    }
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

    fn row(&mut self, row: &Row) {
        let filled = row.cells.iter().filter(|cell| **cell != Cell::Empty).count();
        if filled == 0 {
            self.found(Finding::note(
                row.number,
                None,
                "BLANK_ROW",
                "Dòng trống, đã bỏ qua.",
            ));
            return;
        }
        let total = row.cells.iter().any(|cell| match cell {
            Cell::Text(text) => clean(text).to_lowercase().starts_with("tổng"),
            Cell::Empty | Cell::Number(_) | Cell::Date(_) => false,
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
        let class = self.text(row, Column::Class).to_lowercase();
        if let Some(grade) = self.school.classes.get(&class).copied() {
            self.age(row.number, &identity, grade);
        } else {
            let words =
                format!("Năm học này không có lớp «{class}»: tạo lớp trước hoặc sửa tên lớp trong tệp.");
            self.found(Finding::error(row.number, Column::Class, "CLASS_UNKNOWN", words));
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

    /// A text cell, clean; what was unclean about it is a finding.
    fn text(&mut self, row: &Row, column: Column) -> String {
        let raw = match self.cell(row, column) {
            Cell::Empty => return String::new(),
            Cell::Text(text) => text.clone(),
            Cell::Number(number) => number.to_string(),
            Cell::Date(day) => format_day(*day),
        };
        let cleaned = clean(&raw);
        if cleaned != raw {
            let blanks = raw.split(' ').collect::<Vec<_>>().join(" ").trim() != raw
                || raw.contains('\u{a0}')
                || raw.contains("  ");
            let (code, words) = if blanks {
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
                let text = format!("{number:012.0}");
                if text.len() == 12 {
                    let words = "Số định danh bị Excel đổi thành số và mất số 0 đầu, đã thêm lại.";
                    self.found(Finding::repaired(
                        row.number,
                        column,
                        "LEADING_ZERO_LOST",
                        words,
                        &text,
                    ));
                }
                text
            }
            Cell::Text(_) | Cell::Date(_) => self.text(row, column),
        };
        if digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit()) {
            return Some(digits);
        }
        let words = "Số định danh phải có đúng 12 chữ số: sửa trong tệp rồi nạp lại.".to_owned();
        self.found(Finding::error(row.number, column, "ID_INVALID", words));
        None
    }

    fn sex(&mut self, row: &Row) -> String {
        let sex = self.text(row, Column::Sex);
        if sex == "Nam" || sex == "Nữ" {
            return sex;
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
        match self.cell(row, column) {
            Cell::Date(day) => return format_day(*day),
            Cell::Text(_) => {
                let text = self.text(row, column);
                let mut parts = text.split('/');
                let turned = match (parts.next(), parts.next(), parts.next(), parts.next()) {
                    (Some(day), Some(month), Some(year), None) => format!("{year:0>4}-{month:0>2}-{day:0>2}"),
                    _ => text.clone(),
                };
                if let Some(day) = parse_day(&turned) {
                    let day = format_day(day);
                    let words = "Ngày gõ dạng chữ ngày/tháng/năm, đã đổi thành ngày.";
                    self.found(Finding::repaired(row.number, column, "DATE_AS_TEXT", words, &day));
                    return day;
                }
            }
            Cell::Empty | Cell::Number(_) => {}
        }
        let words = format!(
            "{} thiếu hoặc không phải là ngày: sửa trong tệp rồi nạp lại.",
            column.title()
        );
        self.found(Finding::error(row.number, column, "DATE_INVALID", words));
        String::new()
    }

    /// The part after the number that most register numbers of the file have, such as `/TH`.
    fn common_suffix(&self, rows: &[Row]) -> Option<String> {
        let mut counts = BTreeMap::<String, usize>::new();
        for row in rows {
            if let Cell::Text(text) = self.cell(row, Column::RegisterNumber)
                && let Some(at) = text.find('/')
                && let (Some(number), Some(suffix)) = (text.get(..at), text.get(at..))
                && number.len() == 4
            {
                *counts.entry(suffix.to_owned()).or_default() += 1;
            }
        }
        counts
            .into_iter()
            .max_by_key(|(_, count)| *count)
            .map(|(suffix, _)| suffix)
    }

    fn register_number(&mut self, row: &Row) -> String {
        let column = Column::RegisterNumber;
        if let (Cell::Number(number), Some(suffix)) = (self.cell(row, column), &self.register_suffix) {
            let text = format!("{number:04.0}{suffix}");
            let words = "Số đăng bộ bị Excel đổi thành số, đã ghi lại theo mẫu của cột.";
            self.found(Finding::repaired(
                row.number,
                column,
                "REGISTER_NUMBER_AS_NUMBER",
                words,
                &text,
            ));
            return text;
        }
        self.text(row, column)
    }

    fn age(&mut self, row: u32, identity: &Identity, grade: i16) {
        let Some(born) = parse_day(&identity.birth_date).map(time::Date::year) else {
            return;
        };
        let late = self.school.begins - 5 - i32::from(grade) - born;
        if late != 0 {
            let words = if late > 0 {
                format!("Lớn hơn độ tuổi của khối {late} tuổi: xin kiểm tra ngày sinh và lớp.")
            } else {
                format!(
                    "Nhỏ hơn độ tuổi của khối {} tuổi: xin kiểm tra ngày sinh và lớp.",
                    -late
                )
            };
            self.found(Finding::note(row, Some(Column::BirthDate), "AGE", words));
        }
    }

    fn duplicates(&mut self) {
        let (mut codes, mut ids, mut names) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut found = Vec::new();
        for row in &self.plan.rows {
            let identity = &row.identity;
            if let Some(first) = codes.insert(identity.pupil_code.clone(), row.row) {
                let words = format!("Trùng mã học sinh với dòng {first}: chọn giữ dòng trước hoặc dòng sau.");
                found.push(Finding::choice(
                    row.row,
                    Column::Code,
                    "DUPLICATE_PUPIL",
                    words,
                    first,
                ));
                continue;
            }
            if let Some(id) = &identity.personal_id
                && let Some(first) = ids.insert(id.clone(), row.row)
            {
                let words = format!(
                    "Trùng số định danh với dòng {first}, mã học sinh khác: sửa trong tệp rồi nạp lại."
                );
                found.push(Finding::error(row.row, Column::PersonalId, "DUPLICATE_ID", words));
            }
            if let Some(first) = names.insert((identity.display_name.clone(), row.class_id.clone()), row.row)
            {
                let words = format!(
                    "Cùng tên cùng lớp với dòng {first}: hai học sinh khác nhau, xin lưu ý khi nhập điểm."
                );
                found.push(Finding::note(row.row, Some(Column::Name), "SAME_NAME", words));
            }
        }
        self.plan.findings.extend(found);
    }

    fn found(&mut self, finding: Finding) {
        self.plan.findings.push(finding);
    }
}
