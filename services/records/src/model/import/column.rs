//! The columns of a list of pupils, by their titles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{
    spreadsheet::{Cell, Row},
    text::{clean, tone_placed},
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

impl Column {
    /// The most characters it takes.
    #[must_use]
    pub const fn longest(self) -> usize {
        match self {
            Self::Code | Self::PersonalId | Self::Sex | Self::RegisterNumber | Self::Class => 50,
            Self::BirthDate | Self::EntryDate => 50,
            Self::Name | Self::EthnicGroup | Self::EthnicGroupAtBirth | Self::Nationality => 100,
            Self::Birthplace | Self::HomePlace | Self::Address => 300,
            Self::Father | Self::Mother | Self::Guardian | Self::Disability => 300,
        }
    }
}

/// The head of a list.
#[derive(Debug)]
pub(super) struct Head {
    /// Which of the rows, from 0.
    pub(super) at: usize,
    /// Its row's number.
    pub(super) number: u32,
    /// Where each column stands.
    pub(super) columns: BTreeMap<Column, usize>,
    /// Titles that are none of ours.
    pub(super) unknown: Vec<String>,
}

/// Finds the head. Lines above it are the school's letterhead.
pub(super) fn find(rows: &[Row]) -> Result<Head, String> {
    let named = |row: &&Row| {
        row.cells
            .iter()
            .any(|cell| plain(cell) == folded(Column::Name.title()))
    };
    let at = rows.iter().position(|row| named(&row));
    let (at, row) = at
        .and_then(|at| Some((at, rows.get(at)?)))
        .ok_or("không thấy dòng tiêu đề có cột «Họ và tên».")?;
    let mut columns = BTreeMap::new();
    let (mut unknown, mut missing) = (Vec::new(), Vec::new());
    for (place, cell) in row.cells.iter().enumerate() {
        let title = plain(cell);
        let column = Column::ALL.iter().find(|column| folded(column.title()) == title);
        match column {
            Some(column) => {
                if columns.insert(*column, place).is_some() {
                    return Err(format!(
                        "cột «{}» có hai lần, xin bỏ bớt một cột.",
                        column.title()
                    ));
                }
            }
            None if title.is_empty() || matches!(title.as_str(), "stt" | "tt") => {}
            None => unknown.push(format!("«{title}»")),
        }
    }
    for column in NEEDED {
        if !columns.contains_key(&column) {
            missing.push(column.title());
        }
    }
    if !missing.is_empty() {
        return Err(format!("thiếu cột: {}.", missing.join(", ")));
    }
    Ok(Head {
        at,
        number: row.number,
        columns,
        unknown,
    })
}

fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => folded(text),
        Cell::Empty | Cell::Number(_) | Cell::Date(_) | Cell::Unreadable(_) => String::new(),
    }
}

/// A title without what offices add to it: capitals, a mark of obligation, a colon, the old way of placing tones.
fn folded(title: &str) -> String {
    let title = tone_placed(&clean(title)).to_lowercase();
    title
        .trim_end_matches(|c: char| "*:() ".contains(c) && c != ')')
        .trim_end_matches("(*)")
        .trim()
        .to_owned()
}
