//! A mark sheet as a spreadsheet: pre-filled, with its identity inside, and read back.

mod parse;
mod read;
mod write;

use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::{
    read::{Finding, Given, Plan, PlannedCell, Refusal, plan, wanted},
    write::workbook,
};
use super::{
    cell::{Mark, Value},
    rule_set::Scores,
};

/// The sheet people fill.
pub const SHEET: &str = "Bảng điểm";
/// The hidden sheet with the file's identity.
pub const IDENTITY: &str = "hocba";
/// What stands first in the hidden row of keys and in the identity.
pub const FORMAT: &str = "hocba-mark-sheet-v1";

/// Whose template a file is, and what the sheet was when it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The mark sheet's resource name.
    pub sheet: String,
    /// Names the roster.
    pub roster: String,
    /// Names which cells were sealed.
    pub seals: String,
    /// Names the drafts.
    pub drafts: String,
}

/// A level, as in cells and as people write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    /// As in cells: `D`.
    pub id: String,
    /// As written: `Đ`.
    pub sign: String,
}

/// A line of the sheet: which columns it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The item.
    pub item: String,
    /// Its name.
    pub name: String,
    /// The levels; none for a line of words alone.
    pub levels: Vec<Sign>,
    /// Whether a test score belongs to it.
    pub tested: bool,
    /// Whether it takes a comment.
    pub comment: bool,
}

/// One of a field's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Slot {
    /// The level, or why there is none.
    Level,
    /// The score, or that the pupil was absent.
    Score,
    /// The comment.
    Comment,
}

impl Slot {
    const fn key(self) -> &'static str {
        match self {
            Self::Level => "level",
            Self::Score => "score",
            Self::Comment => "comment",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Level => "Mức",
            Self::Score => "Điểm",
            Self::Comment => "Nhận xét",
        }
    }
}

impl Field {
    /// Its columns in order.
    #[must_use]
    pub fn slots(&self) -> Vec<Slot> {
        let wanted = [
            (!self.levels.is_empty(), Slot::Level),
            (self.tested, Slot::Score),
            (self.comment, Slot::Comment),
        ];
        wanted
            .into_iter()
            .filter_map(|(is_there, slot)| is_there.then_some(slot))
            .collect()
    }

    fn key(&self, slot: Slot) -> String {
        format!("{}|{}", self.item, slot.key())
    }

    /// The head of a column.
    fn title(&self, slot: Slot) -> String {
        if self.slots().len() == 1 {
            self.name.clone()
        } else {
            format!("{}: {}", self.name, slot.title())
        }
    }

    /// What a column shows of a value.
    fn shown(&self, slot: Slot, value: &Value, scores: Scores) -> String {
        let own = match slot {
            Slot::Level => self
                .levels
                .iter()
                .find(|level| level.id == value.level)
                .map(|level| level.sign.clone())
                .unwrap_or_default(),
            Slot::Score => value.score.map(|score| scores.words(score)).unwrap_or_default(),
            Slot::Comment => value.comment.clone(),
        };
        match (value.mark, slot) {
            (Mark::Absent, Slot::Score) => parse::ABSENT.to_owned(),
            (Mark::Exempt, Slot::Level) => parse::EXEMPT.to_owned(),
            (Mark::NotAssessed, Slot::Level) => parse::NOT_ASSESSED.to_owned(),
            // A line of words alone says it where the words would stand.
            (Mark::Exempt, Slot::Comment) if self.levels.is_empty() => parse::EXEMPT.to_owned(),
            (Mark::NotAssessed, Slot::Comment) if self.levels.is_empty() => parse::NOT_ASSESSED.to_owned(),
            _ => own,
        }
    }
}

/// One pupil's line of the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The pupil.
    pub pupil: Uuid,
    /// The name.
    pub name: String,
    /// What stands in each field, in field order: whether it is sealed, and the value.
    pub cells: Vec<(bool, Option<Value>)>,
}

/// The sheet as a template shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The mark sheet's resource name.
    pub sheet: String,
    /// The lines above the table.
    pub titles: Vec<String>,
    /// The fields.
    pub fields: Vec<Field>,
    /// What a score may be.
    pub scores: Scores,
    /// The longest comment, in characters.
    pub longest_comment: usize,
    /// The pupils in roster order.
    pub lines: Vec<Line>,
}

impl View {
    /// What the file is stamped with.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        let digest = |part: &dyn Fn(&Line) -> String| {
            let mut context = Context::new(&SHA256);
            for line in &self.lines {
                context.update(part(line).as_bytes());
                context.update(b"\n");
            }
            data_encoding::HEXLOWER.encode(context.finish().as_ref())
        };
        let cells = |line: &Line, sealed: bool| {
            let own = line
                .cells
                .iter()
                .map(|cell| if cell.0 == sealed { cell.1.as_ref() } else { None });
            format!("{} {:?}", line.pupil, own.collect::<Vec<_>>())
        };
        Stamp {
            sheet: self.sheet.clone(),
            roster: digest(&|line| format!("{} {}", line.pupil, line.name)),
            seals: digest(&|line| cells(line, true)),
            drafts: digest(&|line| cells(line, false)),
        }
    }
}

/// What a score's unit is in whole numbers: 10 where there is one decimal.
fn unit(scores: Scores) -> i32 {
    10_i32.pow(u32::from(scores.decimals.min(3)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{spreadsheet::Cell, text::escape_formula};

    const SCORES: Scores = Scores {
        lowest: 0,
        highest: 100,
        step: 5,
        decimals: 1,
    };

    fn field() -> Field {
        let sign = |id: &str, sign: &str| Sign {
            id: id.to_owned(),
            sign: sign.to_owned(),
        };
        Field {
            item: "TO".to_owned(),
            name: "Toán".to_owned(),
            levels: vec![sign("T", "T"), sign("D", "Đ"), sign("C", "C")],
            tested: true,
            comment: true,
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let levels = prop::sample::select(vec!["T", "D", "C"]);
        let marks = prop::sample::select(Mark::ALL.to_vec());
        (marks, levels, 0..=20_i16, "[a-zđêôơư=+@'-][a-zđêôơư=+@' -]{0,30}").prop_map(
            |(mark, level, score, comment)| {
                let assessed = matches!(mark, Mark::Assessed | Mark::Absent);
                let value = Value {
                    mark,
                    level: if assessed { level } else { "" }.to_owned(),
                    score: (mark == Mark::Assessed).then_some(score * 5),
                    comment,
                };
                value.cleaned()
            },
        )
    }

    fn view(names: &[(u128, &str)]) -> View {
        let line = |(id, name): &(u128, &str)| Line {
            pupil: Uuid::from_u128(*id),
            name: (*name).to_owned(),
            cells: vec![(false, None)],
        };
        View {
            sheet: "schools/x/years/2025-2026/classes/5a/markSheets/to-end2".to_owned(),
            titles: vec!["=Trường".to_owned()],
            fields: vec![field()],
            scores: SCORES,
            longest_comment: 500,
            lines: names.iter().map(line).collect(),
        }
    }

    fn read(made: &View, now: &View) -> Result<Plan, Refusal> {
        let day = time::Date::from_calendar_date(2026, time::Month::May, 15).unwrap();
        let file = workbook(made, None, day).unwrap();
        assert_eq!(
            file,
            workbook(made, None, day).unwrap(),
            "the same content gives the same bytes"
        );
        let sheets = crate::model::spreadsheet::read_named(&file, [SHEET, IDENTITY]).unwrap();
        plan(sheets, now, |_, _| Ok(()))
    }

    #[test]
    fn a4_1_a_template_knows_its_sheet_and_its_roster() {
        let made = view(&[(1, "An"), (2, "Bình")]);
        let plan = read(&made, &made).unwrap();
        assert_eq!(
            (plan.cells.len(), plan.findings.len()),
            (2, 0),
            "{:?}",
            plan.findings
        );
        assert!(plan.cells.iter().all(|cell| cell.value.is_none()));
        for changed in [
            view(&[(1, "An")]),
            view(&[(1, "An"), (3, "Bình")]),
            view(&[(1, "An"), (2, "Bính")]),
        ] {
            assert_eq!(read(&made, &changed), Err(Refusal::Stale("roster")));
        }
        let mut other = made.clone();
        other.sheet = "schools/y/years/2025-2026/classes/5a/markSheets/to-end2".to_owned();
        assert_eq!(read(&made, &other), Err(Refusal::Other(made.sheet.clone())));
    }

    proptest! {
        #[test]
        fn a4_1_what_a_template_shows_is_read_back_as_it_was(value in value()) {
            let field = field();
            let of = |slot: Slot| match field.shown(slot, &value, SCORES) {
                shown if shown.is_empty() => Cell::Empty,
                shown => Cell::Text(escape_formula(&shown)),
            };
            let (read, remarks) = parse::field(&field, SCORES, of);
            prop_assert_eq!(remarks, []);
            prop_assert_eq!(read, Some(value));
        }
    }
}
