//! A mark sheet: which cells it has, which are required, which are missing.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{
    need::{Need, Needs},
    period::Period,
    rule_set::Line,
};

/// A cell within a sheet.
pub type Place = (Uuid, String);

/// Where a sheet stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing sealed.
    Empty,
    /// Some required cells are sealed.
    Partial,
    /// All are.
    Complete,
}

impl State {
    /// By counts.
    #[must_use]
    pub fn of(required: usize, sealed: usize) -> Self {
        if sealed == 0 {
            Self::Empty
        } else if sealed < required {
            Self::Partial
        } else {
            Self::Complete
        }
    }
}

/// The required cells that are neither sealed nor drafted, in roster and line order: a sheet can be
/// finished when there are none (A4.2a). Electives and decisions say what is required.
#[must_use]
pub fn missing(
    roster: &[(Uuid, String)],
    lines: &[&Line],
    needs: &Needs,
    filled: &BTreeSet<&Place>,
) -> Vec<Place> {
    roster
        .iter()
        .flat_map(|(pupil, _)| {
            let required = lines
                .iter()
                .filter(|line| needs.of(*pupil, line) == Need::Required);
            required.map(|line| (*pupil, line.item.clone()))
        })
        .filter(|place| !filled.contains(place))
        .collect()
}

/// Splits a sheet's id such as `to-end2` or `criteria-mid1` into the sheet (`TO`, `criteria`) and the period.
#[must_use]
pub fn parse(id: &str) -> Option<(String, Period)> {
    let (item, period) = id.rsplit_once('-')?;
    let period = Period::parse(period)?;
    if item.is_empty() || !item.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
        return None;
    }
    let sheet = if item == super::rule_set::CRITERIA {
        item.to_owned()
    } else {
        item.to_uppercase()
    };
    Some((sheet, period))
}

/// The id of a sheet.
#[must_use]
pub fn id(sheet: &str, period: Period) -> String {
    format!("{}-{}", sheet.to_lowercase(), period.id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_go_both_ways() {
        assert_eq!(parse("to-end2"), Some(("TO".to_owned(), Period::End2)));
        assert_eq!(
            parse("criteria-mid1"),
            Some(("criteria".to_owned(), Period::Mid1))
        );
        assert_eq!(id("TO", Period::End2), "to-end2");
        for bad in ["to", "to-end3", "TO-end2", "-end2"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
