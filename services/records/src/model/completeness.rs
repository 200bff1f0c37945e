//! How far a school is, as counts: what an authority may see of it.

use time::Date;

use super::{
    calendar::{DueDay, due},
    period::Period,
};

/// Where a school stands in a year.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overview {
    /// The school.
    pub school: String,
    /// Its printed name; empty when the year is not set up.
    pub school_name: String,
    /// Whether the year is set up.
    pub set_up: bool,
    /// Classes.
    pub classes: usize,
    /// Pupils enrolled.
    pub pupils: usize,
    /// The periods of the rules.
    pub periods: Vec<PeriodOverview>,
    /// Results that are confirmed.
    pub confirmed: usize,
    /// Promotions that are decided.
    pub decided: usize,
}

/// Where a school stands in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodOverview {
    /// The period.
    pub period: Period,
    /// Mark sheets.
    pub sheets: usize,
    /// Complete ones.
    pub complete: usize,
    /// Late ones.
    pub late: usize,
    /// Required cells.
    pub required: usize,
    /// Sealed ones of them.
    pub sealed: usize,
    /// The due day.
    pub due: Option<Date>,
}

impl PeriodOverview {
    /// A period of which nothing is counted yet.
    #[must_use]
    pub fn new(period: Period, days: &[DueDay]) -> Self {
        Self {
            period,
            sheets: 0,
            complete: 0,
            late: 0,
            required: 0,
            sealed: 0,
            due: due(days, period),
        }
    }

    /// Counts a sheet.
    pub fn count(&mut self, required: usize, sealed: usize, late: bool) {
        self.sheets += 1;
        self.complete += usize::from(required > 0 && sealed >= required);
        self.late += usize::from(late);
        self.required += required;
        self.sealed += sealed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_without_pupils_is_not_complete() {
        let mut overview = PeriodOverview::new(Period::End1, &[]);
        overview.count(0, 0, false);
        overview.count(37, 37, false);
        overview.count(37, 36, true);
        let counts = (overview.sheets, overview.complete, overview.late);
        assert_eq!(counts, (3, 1, 1));
        assert_eq!((overview.required, overview.sealed), (74, 73));
    }
}
