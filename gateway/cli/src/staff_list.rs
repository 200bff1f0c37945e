//! The school office's staff list (danh sách CBGV) as a spreadsheet: who works here, who teaches what.
//!
//! Each service gets its part of the list from the client: accounts go to identity, assignments to
//! records, matched by e-mail.

use std::{collections::BTreeMap, io::Cursor};

use anyhow::{Context as _, bail, ensure};
use calamine::{Data, Reader as _, Xlsx};
use unicode_normalization::UnicodeNormalization as _;

/// One person of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffRow {
    /// The row in the sheet, counted from 1 as the office sees it.
    pub row: usize,
    /// The person's number in the list (STT).
    pub number: u32,
    /// Full name, NFC.
    pub display_name: String,
    /// E-mail, lower case.
    pub email: String,
    /// Position as written (chức vụ).
    pub title: String,
    /// The class this person is homeroom teacher of, as written.
    pub homeroom_class: Option<String>,
    /// Subject code to classes taught.
    pub teaches: BTreeMap<String, Vec<String>>,
}

impl StaffRow {
    /// The role ids the position brings with it (articles.md). A position we do not know is an error of the list.
    pub fn roles(&self) -> anyhow::Result<Vec<&'static str>> {
        let mut roles = match self.title.as_str() {
            "Hiệu trưởng" => vec!["principal"],
            "Phó hiệu trưởng" => vec!["vice_principal"],
            "Văn thư" => vec!["office_clerk"],
            "Quản trị hệ thống" => vec!["system_admin"],
            "Giáo viên" => vec![],
            other => bail!("dòng {}: không rõ chức vụ «{other}»", self.row),
        };
        if self.homeroom_class.is_some() {
            roles.push("homeroom_teacher");
        }
        if !self.teaches.is_empty() {
            roles.push("subject_teacher");
        }
        Ok(roles)
    }
}

/// Reads the list from an xlsx file's bytes.
pub fn read(bytes: &[u8]) -> anyhow::Result<Vec<StaffRow>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).context("tệp không phải bảng tính .xlsx")?;
    let sheet = book
        .worksheet_range_at(0)
        .context("tệp không có trang tính nào")??;
    let rows: Vec<Vec<String>> = sheet
        .rows()
        .map(|cells| cells.iter().map(text).collect::<Vec<_>>())
        .collect();

    let head = rows
        .iter()
        .position(|cells| cells.iter().any(|cell| cell == "Họ và tên"))
        .context("không thấy dòng tiêu đề có cột «Họ và tên»")?;
    let titles = rows.get(head).context("không thấy dòng tiêu đề")?;
    let column = |title: &str| {
        titles
            .iter()
            .position(|cell| cell == title)
            .with_context(|| format!("thiếu cột «{title}»"))
    };
    let (number, name, email) = (column("STT")?, column("Họ và tên")?, column("Email")?);
    let (title, homeroom, teaches) = (
        column("Chức vụ")?,
        column("Chủ nhiệm lớp")?,
        column("Phân công chuyên môn")?,
    );

    let mut people = Vec::new();
    for (index, cells) in rows.iter().enumerate().skip(head + 1) {
        let cell = |at: usize| cells.get(at).map(String::as_str).unwrap_or_default();
        if cell(name).is_empty() || cell(email).is_empty() {
            continue;
        }
        let row = index + 1 + sheet.start().map_or(0, |(first, _)| first as usize);
        people.push(StaffRow {
            row,
            number: cell(number)
                .parse()
                .with_context(|| format!("dòng {row}: STT không phải số"))?,
            display_name: cell(name).to_owned(),
            email: cell(email).to_lowercase(),
            title: cell(title).to_owned(),
            homeroom_class: Some(cell(homeroom).to_owned()).filter(|class| !class.is_empty()),
            teaches: assignments(cell(teaches)).with_context(|| format!("dòng {row}: phân công"))?,
        });
    }
    ensure!(!people.is_empty(), "danh sách không có người nào");
    Ok(people)
}

/// `TV, TO: 1A, 1B; NN: 2A` as subject to classes.
fn assignments(words: &str) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let mut teaches = BTreeMap::<String, Vec<String>>::new();
    for part in words.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (subjects, classes) = part
            .split_once(':')
            .with_context(|| format!("«{part}» thiếu dấu hai chấm"))?;
        for subject in subjects.split(',').map(str::trim).filter(|s| !s.is_empty()) {
            teaches.entry(subject.to_uppercase()).or_default().extend(
                classes
                    .split(',')
                    .map(|class| class.trim().to_owned())
                    .filter(|c| !c.is_empty()),
            );
        }
    }
    Ok(teaches)
}

/// A cell as clean text: NFC, without the blanks spreadsheets carry along.
fn text(cell: &Data) -> String {
    let raw = match cell {
        Data::Empty => return String::new(),
        other => other.to_string(),
    };
    raw.nfc()
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_subject_to_classes() {
        let teaches = assignments("TH, CN: 3A, 3B; nn: 4A").unwrap();
        assert_eq!(teaches["TH"], ["3A", "3B"]);
        assert_eq!(teaches["CN"], ["3A", "3B"]);
        assert_eq!(teaches["NN"], ["4A"]);
        assert!(assignments("TV 1A").is_err());
    }

    #[test]
    fn the_school_offices_list_reads_whole() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/data/school-a/danh-sach-cbgv.xlsx"
        );
        let people = read(&std::fs::read(path).unwrap()).unwrap();
        assert_eq!(people.len(), 43);
        assert_eq!(people[0].roles().unwrap(), ["principal"]);
        let homeroom: Vec<_> = people
            .iter()
            .filter_map(|p| p.homeroom_class.as_deref())
            .collect();
        assert_eq!(homeroom.len(), 28);
        let first_5a = people
            .iter()
            .find(|p| p.homeroom_class.as_deref() == Some("5A"))
            .unwrap();
        assert_eq!(first_5a.roles().unwrap(), ["homeroom_teacher", "subject_teacher"]);
        assert_eq!(first_5a.teaches["KH"], ["5A"]);
    }
}
