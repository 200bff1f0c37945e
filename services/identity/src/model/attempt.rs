//! Throttling of failed attempts: after five, a wait that doubles up to a quarter of an hour.

use time::{Duration, OffsetDateTime};

const FREE: u32 = 5;
const FIRST_WAIT: Duration = Duration::seconds(30);
const LONGEST_WAIT: Duration = Duration::minutes(15);
const FORGET: Duration = Duration::hours(24);

/// What is known of the attempts on one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// Failures in a row, those under way counted as failed.
    pub failures: u32,
    /// Until when nothing is tried.
    pub blocked_until: Option<OffsetDateTime>,
    /// The last attempt.
    pub updated_at: OffsetDateTime,
}

impl Attempts {
    /// Admits one more attempt, counted as failed until it has succeeded: so that a hundred at once
    /// cannot pass before the first is counted. Refuses with the time to wait.
    pub fn admit(before: Option<Self>, now: OffsetDateTime) -> Result<Self, Duration> {
        let fresh = before.filter(|b| now - b.updated_at < FORGET);
        if let Some(until) = fresh.and_then(|b| b.blocked_until)
            && now < until
        {
            return Err(until - now);
        }
        let failures = fresh.map_or(0, |b| b.failures).saturating_add(1);
        let blocked_until = failures.checked_sub(FREE).map(|over| {
            let wait = FIRST_WAIT * 2_i32.saturating_pow(over.min(10));
            now + wait.min(LONGEST_WAIT)
        });
        Ok(Self {
            failures,
            blocked_until,
            updated_at: now,
        })
    }

    /// Before when an untouched row means nothing any more.
    pub fn forgotten_before(now: OffsetDateTime) -> OffsetDateTime {
        now - FORGET
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};

    use super::Attempts;

    #[test]
    fn five_are_free_then_the_wait_doubles_up_to_its_limit() {
        let mut now = datetime!(2026-01-01 0:00 UTC);
        let mut state = None;
        let mut waits = Vec::new();
        for _ in 0..14 {
            let admitted = Attempts::admit(state, now).unwrap();
            if let Some(until) = admitted.blocked_until {
                assert_eq!(Attempts::admit(Some(admitted), now), Err(until - now));
                waits.push((until - now).whole_seconds());
                now = until;
            }
            state = Some(admitted);
        }
        assert_eq!(waits, [30, 60, 120, 240, 480, 900, 900, 900, 900, 900]);
    }

    #[test]
    fn a_day_of_peace_forgets() {
        let now = datetime!(2026-01-01 0:00 UTC);
        let old = Attempts {
            failures: 9,
            blocked_until: None,
            updated_at: now - Duration::hours(25),
        };
        assert_eq!(Attempts::admit(Some(old), now).unwrap().failures, 1);
    }
}
