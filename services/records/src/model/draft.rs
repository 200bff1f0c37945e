//! What becomes of a draft: two devices of one account never overwrite each other silently.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::cell::Value;

/// A draft as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The session's save that wrote it, from 1.
    pub version: i32,
    /// The value.
    pub value: Value,
    /// When.
    #[serde(with = "time::serde::timestamp")]
    pub saved_at: OffsetDateTime,
    /// By which sign-in.
    pub sign_in: Uuid,
}

/// Why a cell takes no draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lock {
    /// It is sealed.
    Sealed,
    /// The item is not of this sheet.
    OtherSheet,
    /// The pupil is not of this class.
    OtherClass,
    /// The pupil is exempt.
    Exempt,
    /// The pupil does not learn this elective.
    NotLearnt,
}

/// What became of a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Kept, or emptied.
    Ok {
        /// The cell's draft version now; 0 when it is empty.
        version: i32,
        /// The comment that a code stood for.
        expanded: Option<String>,
        /// Worth a look, Vietnamese.
        warnings: Vec<String>,
    },
    /// Not a value of this cell; why, Vietnamese.
    Invalid(String),
    /// Somebody saved the cell since; what stands there.
    Conflict(Option<Kept>),
    /// The cell takes none.
    Locked(Lock),
}

/// What to do with an edit of a cell that takes drafts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// What is wished for stands there already.
    Stands,
    /// Write the value, or empty the cell.
    Write,
    /// The edit began with another draft than the one that stands there.
    Conflict,
}

/// Compares an edit with what stands there: who wants what is there already is in no conflict.
#[must_use]
pub fn step(standing: Option<&Kept>, base: i32, wish: Option<&Value>) -> Step {
    if standing.map(|kept| &kept.value) == wish {
        Step::Stands
    } else if standing.map_or(0, |kept| kept.version) == base {
        Step::Write
    } else {
        Step::Conflict
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::cell::Mark;

    #[rstest]
    #[case::first(None, 0, Some(8), Step::Write)]
    #[case::next(Some((3, 8)), 3, Some(9), Step::Write)]
    #[case::emptied(Some((3, 8)), 3, None, Step::Write)]
    #[case::unseen(Some((3, 8)), 0, Some(9), Step::Conflict)]
    #[case::older(Some((3, 8)), 2, Some(9), Step::Conflict)]
    #[case::emptying_what_was_not_seen(Some((3, 8)), 2, None, Step::Conflict)]
    #[case::they_emptied_it(None, 3, Some(9), Step::Conflict)]
    #[case::both_the_same(Some((3, 9)), 0, Some(9), Step::Stands)]
    #[case::both_emptied_it(None, 3, None, Step::Stands)]
    fn a4_2b_an_edit_knows_what_it_replaces(
        #[case] standing: Option<(i32, i16)>,
        #[case] base: i32,
        #[case] wish: Option<i16>,
        #[case] expected: Step,
    ) {
        let value = |score| Value {
            mark: Mark::Assessed,
            level: "T".into(),
            score: Some(score),
            comment: String::new(),
        };
        let standing = standing.map(|(version, score)| Kept {
            version,
            value: value(score),
            saved_at: OffsetDateTime::UNIX_EPOCH,
            sign_in: Uuid::nil(),
        });
        assert_eq!(step(standing.as_ref(), base, wish.map(value).as_ref()), expected);
    }
}
