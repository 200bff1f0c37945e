//! Days as the regulation counts them: in Asia/Ho_Chi_Minh, which has been +07:00 since 1975.

use time::{
    Date, OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description,
};

const ISO: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// The day it is in Vietnam at an instant.
pub fn of(instant: OffsetDateTime) -> Date {
    let offset = UtcOffset::from_hms(7, 0, 0).unwrap_or(UtcOffset::UTC);
    instant.to_offset(offset).date()
}

/// Reads `YYYY-MM-DD`; empty is none.
pub fn parse(text: &str) -> Result<Option<Date>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    Date::parse(text, ISO)
        .map(Some)
        .map_err(|_| "must be a date, YYYY-MM-DD")
}

/// Writes `YYYY-MM-DD`.
pub fn text(day: Date) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    #[test]
    fn the_day_turns_at_seventeen_utc() {
        assert_eq!(
            super::of(datetime!(2026-03-01 16:59:59 UTC)),
            date!(2026 - 03 - 01)
        );
        assert_eq!(
            super::of(datetime!(2026-03-01 17:00:00 UTC)),
            date!(2026 - 03 - 02)
        );
    }

    #[test]
    fn reads_what_it_writes() {
        assert_eq!(
            super::parse(&super::text(date!(2025 - 09 - 05))),
            Ok(Some(date!(2025 - 09 - 05)))
        );
        assert_eq!(super::parse(""), Ok(None));
        assert!(super::parse("5/9/2025").is_err());
    }
}
