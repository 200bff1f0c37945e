//! The school calendar.

use time::{Date, Duration, Month};

/// A corrected mark must be asked for this long before the first end-of-term test day (A5.2b).
pub const BEFORE_TESTS: Duration = Duration::days(7);

/// The last day of the normal track: the first end-of-term test day of the grade minus seven days.
#[must_use]
pub fn last_day(first_test_day: Date) -> Date {
    first_test_day.saturating_sub(BEFORE_TESTS)
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
    use super::*;

    #[test]
    fn a5_2b_the_last_day_is_a_week_before_the_first_test_day() {
        let day = last_day(parse_day("2026-01-05").unwrap());
        assert_eq!(format_day(day), "2025-12-29");
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
