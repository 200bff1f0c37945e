//! Time and ids come from here, so that rules stay pure and tests can choose the day.

use time::{Date, OffsetDateTime, UtcOffset};
use uuid::Uuid;

/// Where "now" comes from. No binary accepts another clock than the system's.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Option<OffsetDateTime>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still: tests only.
    #[cfg(feature = "testing")]
    #[must_use]
    pub const fn fixed(at: OffsetDateTime) -> Self {
        Self(Some(at))
    }

    /// Now, cut to microseconds: what PostgreSQL keeps, so that a value read back equals the one written.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        let now = self.0.unwrap_or_else(OffsetDateTime::now_utc);
        now.replace_nanosecond(now.nanosecond() / 1000 * 1000)
            .unwrap_or(now)
    }

    /// Today in Việt Nam.
    #[must_use]
    pub fn today(&self) -> Date {
        day_in_vietnam(self.now())
    }
}

/// The civil day in Asia/Ho_Chi_Minh (+07:00, no summer time since 1975).
#[must_use]
pub fn day_in_vietnam(at: OffsetDateTime) -> Date {
    at.to_offset(UtcOffset::from_hms(7, 0, 0).unwrap_or(UtcOffset::UTC))
        .date()
}

/// A new id: UUIDv7, ordered by time.
#[must_use]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// An instant on the wire.
#[must_use]
pub fn to_timestamp(at: OffsetDateTime) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.unix_timestamp(),
        nanos: i32::try_from(at.nanosecond()).unwrap_or_default(),
    }
}

/// An instant from the wire; `None` when it lies outside the calendar.
#[must_use]
pub fn from_timestamp(at: &prost_types::Timestamp) -> Option<OffsetDateTime> {
    let whole = OffsetDateTime::from_unix_timestamp(at.seconds).ok()?;
    whole.replace_nanosecond(u32::try_from(at.nanos).ok()?).ok()
}
