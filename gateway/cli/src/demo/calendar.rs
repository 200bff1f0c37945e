//! The demo's calendar: relative to today, so that the demo plays on any day.

use time::{Date, Duration, OffsetDateTime, UtcOffset};

/// The demo's school year.
pub const YEAR: &str = "2025-2026";

/// Today in Việt Nam (+07:00, no summer time).
#[must_use]
pub fn today() -> Date {
    let offset = UtcOffset::from_hms(7, 0, 0).unwrap_or(UtcOffset::UTC);
    OffsetDateTime::now_utc().to_offset(offset).date()
}

/// The day so many days from today, `YYYY-MM-DD`.
#[must_use]
pub fn in_days(days: i64) -> String {
    let day = today().checked_add(Duration::days(days)).unwrap_or_else(today);
    format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())
}
