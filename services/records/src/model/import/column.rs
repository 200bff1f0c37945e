//! The columns of a list of pupils, by their titles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{
    spreadsheet::{Cell, Row},
    text::clean,
};

macro_rules! columns {
    ($($(#[$doc:meta])* $variant:ident = $title:literal,)*) => {
        /// A column we read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Column { $($(#[$doc])* $variant,)* }

        impl Column {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its title in the ministry's lists.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

columns! {
    /// Pupil code.
    Code = "Mã học sinh",
    /// Personal id.
    PersonalId = "Số ĐDCN",
    /// Full name.
    Name = "Họ và tên",
    /// Birth date.
    BirthDate = "Ngày sinh",
    /// Sex.
    Sex = "Giới tính",
    /// Ethnic group.
    EthnicGroup = "Dân tộc",
    /// Ethnic group on the birth certificate.
    EthnicGroupAtBirth = "Dân tộc (khai sinh)",
    /// Nationality.
    Nationality = "Quốc tịch",
    /// Birthplace.
    Birthplace = "Nơi sinh",
    /// Home place.
    HomePlace = "Quê quán",
    /// Present address.
    Address = "Chỗ ở hiện nay",
    /// Father.
    Father = "Họ tên cha",
    /// Mother.
    Mother = "Họ tên mẹ",
    /// Guardian.
    Guardian = "Người giám hộ",
    /// Register number.
    RegisterNumber = "Số đăng bộ",
    /// Date of entry.
    EntryDate = "Ngày vào trường",
    /// Class.
    Class = "Lớp",
    /// Disability.
    Disability = "Khuyết tật",
}

/// Columns a list cannot do without.
const NEEDED: [Column; 6] = [
    Column::Code,
    Column::Name,
    Column::BirthDate,
    Column::Sex,
    Column::EntryDate,
    Column::Class,
];

/// The head's row (from 0) and where each column stands. Lines above the head are the school's letterhead.
pub(super) fn find(rows: &[Row]) -> Result<(usize, BTreeMap<Column, usize>), String> {
    let title = |cell: &Cell| match cell {
        Cell::Text(text) => clean(text),
        Cell::Empty | Cell::Number(_) | Cell::Date(_) => String::new(),
    };
    let head = rows
        .iter()
        .position(|row| row.cells.iter().any(|cell| title(cell) == Column::Name.title()))
        .ok_or("Không thấy dòng tiêu đề có cột «Họ và tên».")?;
    let titles: Vec<String> = rows
        .get(head)
        .map(|row| row.cells.iter().map(title).collect())
        .unwrap_or_default();
    let columns: BTreeMap<Column, usize> = Column::ALL
        .iter()
        .filter_map(|column| Some((*column, titles.iter().position(|t| t == column.title())?)))
        .collect();
    let missing: Vec<_> = NEEDED
        .iter()
        .filter(|column| !columns.contains_key(column))
        .map(|column| column.title())
        .collect();
    if missing.is_empty() {
        Ok((head, columns))
    } else {
        Err(format!("Thiếu cột: {}.", missing.join(", ")))
    }
}
