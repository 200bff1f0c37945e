//! The school calendar.

use time::{Date, Duration, Month};

use super::period::Period;

/// A corrected mark must be asked for this long before the first end-of-term test day (A5.2b).
pub const BEFORE_TESTS: Duration = Duration::days(7);

/// The last day of the normal track: the first end-of-term test day of the grade minus seven days.
#[must_use]
pub fn last_day(first_test_day: Date) -> Date {
    first_test_day.saturating_sub(BEFORE_TESTS)
}

/// How long before its due day a sheet begins to wait for its teacher.
pub const BEFORE_DUE: Duration = Duration::days(21);

/// The day by which a period's mark sheets are to be finished (A6.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueDay {
    /// The period.
    pub period: Period,
    /// The day.
    pub day: Date,
}

/// The due day of a period, if the calendar names one.
#[must_use]
pub fn due(days: &[DueDay], period: Period) -> Option<Date> {
    days.iter().find(|due| due.period == period).map(|due| due.day)
}

/// Whether something that is not complete is late: the due day itself is still in time.
#[must_use]
pub fn is_late(due: Option<Date>, today: Date) -> bool {
    due.is_some_and(|due| due < today)
}

/// Since which day a sheet has been waiting for its teacher: from the first test day on, or from three weeks before
/// its due day; `None` while it does not wait yet.
#[must_use]
pub fn waits_since(due: Option<Date>, test: Option<Date>, today: Date) -> Option<Date> {
    let begins = due.map(|due| due.saturating_sub(BEFORE_DUE));
    [begins, test]
        .into_iter()
        .flatten()
        .filter(|day| *day <= today)
        .min()
}

/// The year that is being taught or prepared on a day: a new one from August on. With the day it opens on.
#[must_use]
pub fn year_of(today: Date) -> (String, Option<Date>) {
    let first = if u8::from(today.month()) >= 8 {
        today.year()
    } else {
        today.year() - 1
    };
    let opens = Date::from_calendar_date(first, Month::September, 5).ok();
    (format!("{first:04}-{:04}", first + 1), opens)
}

/// A civil date `YYYY-MM-DD`.
#[must_use]
pub fn parse_day(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
}

/// `YYYY-MM-DD`.
#[must_use]
pub fn format_day(day: Date) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())
}

/// Whether an id is two years that follow each other, `2025-2026`.
#[must_use]
pub fn is_year(id: &str) -> bool {
    hocba_fence::Term::of_key("x", &format!("{id}/books")).is_some()
}

/// The school year before one: `2024-2025` of `2025-2026`.
#[must_use]
pub fn year_before(id: &str) -> Option<String> {
    let first: i32 = id.split_once('-')?.0.parse().ok()?;
    Some(format!("{:04}-{first:04}", first.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn a5_2b_the_last_day_is_a_week_before_the_first_test_day() {
        let day = last_day(parse_day("2026-01-05").unwrap());
        assert_eq!(format_day(day), "2025-12-29");
    }

    #[rstest]
    #[case::before(Some("2025-12-20"), "2025-12-20", false)]
    #[case::after(Some("2025-12-20"), "2025-12-21", true)]
    #[case::without_a_due_day(None, "2030-01-01", false)]
    fn a6_4_a_sheet_is_late_from_the_day_after_its_due_day(
        #[case] due: Option<&str>,
        #[case] today: &str,
        #[case] late: bool,
    ) {
        assert_eq!(is_late(due.and_then(parse_day), parse_day(today).unwrap()), late);
    }

    #[rstest]
    #[case::too_early(Some("2025-12-31"), None, "2025-12-09", None)]
    #[case::three_weeks_before(Some("2025-12-31"), None, "2025-12-10", Some("2025-12-10"))]
    #[case::the_test_was_before(Some("2026-02-01"), Some("2026-01-05"), "2026-01-06", Some("2026-01-05"))]
    #[case::nothing_is_known(None, None, "2026-01-06", None)]
    fn a_sheet_waits_from_its_test_or_three_weeks_before_it_is_due(
        #[case] due: Option<&str>,
        #[case] test: Option<&str>,
        #[case] today: &str,
        #[case] since: Option<&str>,
    ) {
        let day = |text: &str| parse_day(text).unwrap();
        assert_eq!(
            waits_since(due.map(day), test.map(day), day(today)),
            since.map(day)
        );
    }

    #[test]
    fn the_year_turns_in_august() {
        assert_eq!(year_of(parse_day("2026-07-31").unwrap()).0, "2025-2026");
        let (year, opens) = year_of(parse_day("2026-08-01").unwrap());
        assert_eq!((year.as_str(), opens), ("2026-2027", parse_day("2026-09-05")));
    }

    #[test]
    fn a10_4_a_year_knows_the_one_before_it() {
        assert_eq!(year_before("2026-2027").as_deref(), Some("2025-2026"));
        assert_eq!(year_before("nay"), None);
    }

    #[test]
    fn days_are_parsed_strictly() {
        assert!(parse_day("2026-02-30").is_none());
        assert!(parse_day("26-02-03").is_none());
        assert!(parse_day("2026-2-3").is_none());
        assert_eq!(
            parse_day("2026-02-28").map(format_day).as_deref(),
            Some("2026-02-28")
        );
    }
}
