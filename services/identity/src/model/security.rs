//! What the security of an account looks like, and what calls for a look (A6.2).

use std::collections::BTreeSet;

use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use super::day;

/// How far back clients are compared, and how long a role may rest.
pub const WINDOW: Duration = Duration::days(30);
/// From how many failures in a row on they call for a look: from then on they are throttled.
const MANY_FAILURES: u32 = 5;

/// What calls for a look, in the order of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// Its owner never signed in.
    NeverUsed,
    /// The second factor is not confirmed.
    NoSecondFactor,
    /// Signed in from different clients at one time.
    ParallelClients,
    /// Another account was used from the same client.
    SharedClient,
    /// Attempts failed in a row.
    FailedAttempts,
    /// It holds a role and is not used.
    RoleUnused,
}

impl Sign {
    const ALL: [Self; 6] = [
        Self::NeverUsed,
        Self::NoSecondFactor,
        Self::ParallelClients,
        Self::SharedClient,
        Self::FailedAttempts,
        Self::RoleUnused,
    ];

    /// The word in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeverUsed => "never_used",
            Self::NoSecondFactor => "no_second_factor",
            Self::ParallelClients => "parallel_clients",
            Self::SharedClient => "shared_client",
            Self::FailedAttempts => "failed_attempts",
            Self::RoleUnused => "role_unused",
        }
    }

    /// Reads the word of SQL.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sign| sign.as_str() == word)
    }
}

/// What is known of an account's use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Use {
    /// The last successful sign-in.
    pub last_sign_in_at: Option<OffsetDateTime>,
    /// Whether the second factor is confirmed.
    pub second_factor: bool,
    /// How many sign-ins are open now.
    pub open_sign_ins: i64,
    /// From how many clients they are.
    pub open_clients: i64,
    /// Whether sign-ins from different clients overlapped within the window.
    pub parallel: bool,
    /// Whose sign-ins came from a client of this account's within the window.
    pub shared_with: BTreeSet<Uuid>,
    /// Attempts that failed in a row.
    pub failed_attempts: u32,
    /// Since when it holds a role that is in force now.
    pub role_since: Option<Date>,
}

impl Use {
    /// What calls for a look.
    pub fn signs(&self, now: OffsetDateTime) -> BTreeSet<Sign> {
        let long_ago = now - WINDOW;
        let unused = self.last_sign_in_at.is_none_or(|at| at < long_ago)
            && self.role_since.is_some_and(|since| since <= day::of(long_ago));
        let found = [
            (Sign::NeverUsed, self.last_sign_in_at.is_none()),
            (Sign::NoSecondFactor, !self.second_factor),
            (Sign::ParallelClients, self.parallel),
            (Sign::SharedClient, !self.shared_with.is_empty()),
            (Sign::FailedAttempts, self.failed_attempts >= MANY_FAILURES),
            (Sign::RoleUnused, unused),
        ];
        found
            .into_iter()
            .filter(|(_, is)| *is)
            .map(|(sign, _)| sign)
            .collect()
    }
}

/// The board's check.
#[derive(Debug, Clone)]
pub struct Check {
    /// Its id.
    pub id: Uuid,
    /// How many accounts the school had.
    pub account_count: i32,
    /// The check in words, sealed.
    pub note: Vec<u8>,
    /// Who checked.
    pub by: Uuid,
    /// When.
    pub at: OffsetDateTime,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// What was found about one account.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Which account.
    pub account: Uuid,
    /// What called for the look.
    pub sign: Sign,
    /// What was found and done, sealed.
    pub note: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rstest::rstest;
    use time::{Duration, OffsetDateTime, macros::datetime};
    use uuid::Uuid;

    use super::{Sign, Use};
    use crate::model::day;

    const NOW: OffsetDateTime = datetime!(2026-03-01 2:00 UTC);

    fn quiet() -> Use {
        Use {
            last_sign_in_at: Some(NOW - Duration::days(1)),
            second_factor: true,
            role_since: Some(day::of(NOW - Duration::days(100))),
            ..Use::default()
        }
    }

    #[rstest]
    #[case(quiet(), &[])]
    #[case(Use { last_sign_in_at: None, role_since: None, ..quiet() }, &[Sign::NeverUsed])]
    #[case(Use { last_sign_in_at: None, ..quiet() }, &[Sign::NeverUsed, Sign::RoleUnused])]
    #[case(Use { second_factor: false, ..quiet() }, &[Sign::NoSecondFactor])]
    #[case(Use { open_sign_ins: 3, open_clients: 2, ..quiet() }, &[])]
    #[case(Use { parallel: true, ..quiet() }, &[Sign::ParallelClients])]
    #[case(Use { shared_with: BTreeSet::from([Uuid::nil()]), ..quiet() }, &[Sign::SharedClient])]
    #[case(Use { failed_attempts: 4, ..quiet() }, &[])]
    #[case(Use { failed_attempts: 5, ..quiet() }, &[Sign::FailedAttempts])]
    #[case(Use { last_sign_in_at: Some(NOW - Duration::days(30)), ..quiet() }, &[])]
    #[case(Use { last_sign_in_at: Some(NOW - Duration::days(31)), ..quiet() }, &[Sign::RoleUnused])]
    #[case(
        Use {
            last_sign_in_at: Some(NOW - Duration::days(31)),
            role_since: Some(day::of(NOW - Duration::days(29))),
            ..quiet()
        },
        &[]
    )]
    fn calls_for_a_look(#[case] seen: Use, #[case] signs: &[Sign]) {
        assert_eq!(seen.signs(NOW), signs.iter().copied().collect());
    }

    #[test]
    fn reads_its_own_words() {
        assert!(
            Sign::ALL
                .into_iter()
                .all(|sign| Sign::parse(sign.as_str()) == Some(sign))
        );
        assert_eq!(Sign::parse("fine"), None);
    }
}
