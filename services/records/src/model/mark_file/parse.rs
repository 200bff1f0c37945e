//! What a teacher typed into a field's columns, as a value.

use super::{Field, Slot, unit};
use crate::model::{
    cell::{Mark, Value},
    rule_set::Scores,
    spreadsheet::Cell,
    text::{clean, unescape_formula},
};

/// In the score's column: absent from the test.
pub(super) const ABSENT: &str = "V";
/// In the level's column: exempt by decision.
pub(super) const EXEMPT: &str = "Miễn";
/// In the level's column: not assessed.
pub(super) const NOT_ASSESSED: &str = "KĐG";

/// What was found in one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Remark {
    /// Repaired to this.
    Repaired(String),
    /// Wrong, with words.
    Wrong(String),
}

/// The text of a cell as it was typed.
pub(super) fn typed(cell: &Cell) -> String {
    match cell {
        Cell::Empty | Cell::Unreadable(_) => String::new(),
        Cell::Text(text) => unescape_formula(text).to_owned(),
        Cell::Number(number) => number.to_string().replace('.', ","),
        Cell::Date(day) => crate::model::calendar::format_day(*day),
    }
}

/// Reads a field: `None` when nothing was typed. Remarks name their column.
pub(super) fn field(
    field: &Field,
    scores: Scores,
    of: impl Fn(Slot) -> Cell,
) -> (Option<Value>, Vec<(Slot, Remark)>) {
    let mut remarks = Vec::new();
    let mut value = Value {
        mark: Mark::Assessed,
        level: String::new(),
        score: None,
        comment: String::new(),
    };
    let mut empty = true;
    for slot in field.slots() {
        let cell = of(slot);
        if cell == Cell::Empty {
            continue;
        }
        empty = false;
        if let Cell::Unreadable(words) = cell {
            remarks.push((slot, Remark::Wrong(words.to_owned())));
            continue;
        }
        let text = typed(&cell);
        let remark = match slot {
            Slot::Level => level(field, &text, &mut value),
            Slot::Score => score(scores, &cell, &text, &mut value),
            Slot::Comment => comment(field, &text, &mut value),
        };
        remarks.extend(remark.map(|remark| (slot, remark)));
    }
    ((!empty).then(|| value.cleaned()), remarks)
}

/// Letters alone, without case: what people type for one sign is one sign.
fn folded(text: &str) -> String {
    clean(text).to_lowercase().replace('ð', "đ")
}

fn without_value(text: &str) -> Option<(Mark, &'static str)> {
    match folded(text).as_str() {
        "miễn" | "m" => Some((Mark::Exempt, EXEMPT)),
        "kđg" | "kdg" | "không đánh giá" => Some((Mark::NotAssessed, NOT_ASSESSED)),
        _ => None,
    }
}

fn level(field: &Field, text: &str, value: &mut Value) -> Option<Remark> {
    let wanted = folded(text);
    let signs = || field.levels.iter();
    let found = signs()
        .find(|level| folded(&level.sign) == wanted)
        .or_else(|| signs().find(|level| folded(&level.id) == wanted));
    let sign = if let Some(level) = found {
        value.level.clone_from(&level.id);
        level.sign.as_str()
    } else if let Some((mark, sign)) = without_value(text) {
        value.mark = mark;
        sign
    } else {
        let known: Vec<&str> = signs().map(|level| level.sign.as_str()).collect();
        return Some(Remark::Wrong(format!(
            "Mức phải là {}, {EXEMPT} hoặc {NOT_ASSESSED}.",
            known.join(", ")
        )));
    };
    (sign != text).then(|| Remark::Repaired(sign.to_owned()))
}

fn score(scores: Scores, cell: &Cell, text: &str, value: &mut Value) -> Option<Remark> {
    let wanted = folded(text);
    if matches!(wanted.as_str(), "v" | "vắng") {
        value.mark = Mark::Absent;
        return (text != ABSENT).then(|| Remark::Repaired(ABSENT.to_owned()));
    }
    let number: Option<f64> = match cell {
        Cell::Number(number) => Some(*number),
        // Of «8,5» and «8.5» both are the same number; «8.5.6» is none.
        Cell::Text(_) if wanted.bytes().all(|b| b.is_ascii_digit() || b",.".contains(&b)) => {
            wanted.replace(',', ".").parse().ok()
        }
        Cell::Text(_) | Cell::Empty | Cell::Date(_) | Cell::Unreadable(_) => None,
    };
    // 8,3 times ten is not quite 83 to a machine.
    let scaled = number.map(|number| number * f64::from(unit(scores)));
    let whole = scaled.filter(|it| (it - it.round()).abs() < 1e-6).map(f64::round);
    let lawful = whole.filter(|whole| (f64::from(scores.lowest)..=f64::from(scores.highest)).contains(whole));
    let Some(whole) = lawful else {
        return Some(Remark::Wrong(format!(
            "Điểm phải là {} từ {} đến {}, hoặc {ABSENT} nếu vắng kiểm tra.",
            if scores.decimals == 0 {
                "số nguyên"
            } else {
                "số"
            },
            scores.words(scores.lowest),
            scores.words(scores.highest)
        )));
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a whole number within the scores' own bounds"
    )]
    let score = whole as i16;
    // Whether it is one of the scale's steps is the rules' word, with the rules' words.
    value.score = Some(score);
    let words = scores.words(score);
    (matches!(cell, Cell::Text(_)) && words != text).then_some(Remark::Repaired(words))
}

fn comment(field: &Field, text: &str, value: &mut Value) -> Option<Remark> {
    if field.levels.is_empty()
        && let Some((mark, sign)) = without_value(text)
    {
        value.mark = mark;
        return (sign != text).then(|| Remark::Repaired(sign.to_owned()));
    }
    text.clone_into(&mut value.comment);
    None
}
