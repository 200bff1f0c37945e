//! Sign-ins and the rotation of their refresh tokens.

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::account::State;

/// How long a sign-in lasts at most: a working day.
pub const LIFETIME: Duration = Duration::hours(12);
/// How long an access token lasts.
pub const ACCESS_LIFETIME: Duration = Duration::minutes(5);
/// How long an act token lasts.
pub const ACT_LIFETIME: Duration = Duration::minutes(5);
/// How long a rotated token is accepted again from the same client: an answer lost on the way.
pub const GRACE: Duration = Duration::seconds(10);

/// Why a sign-in ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndCause {
    /// Its person signed out.
    SignedOut,
    /// A rotated refresh token came again.
    TokenReused,
    /// The account was suspended.
    Suspended,
    /// Its time is over.
    Expired,
    /// The password was changed in another sign-in.
    PasswordChanged,
    /// The account was recovered by two people.
    Recovered,
}

impl EndCause {
    /// The word in SQL and in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::TokenReused => "token_reused",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::PasswordChanged => "password_changed",
            Self::Recovered => "recovered",
        }
    }

    /// Reads the word of the database, whose check constraint knows no seventh.
    pub fn of_sql(word: &str) -> Self {
        match word {
            "signed_out" => Self::SignedOut,
            "token_reused" => Self::TokenReused,
            "suspended" => Self::Suspended,
            "password_changed" => Self::PasswordChanged,
            "recovered" => Self::Recovered,
            _ => Self::Expired,
        }
    }
}

/// Which sign-ins end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// This one.
    One(Uuid),
    /// All of the account.
    All,
    /// All of the account but this one.
    Others(Uuid),
}

/// Where a new sign-in comes from and how it was proved.
pub struct Start {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub account: Uuid,
    /// The device.
    pub client: Client,
    /// What the client calls itself.
    pub user_agent: String,
    /// Whether inside the school.
    pub premises: bool,
    /// Whether the second factor was a security key.
    pub security_key: bool,
    /// When.
    pub started_at: OffsetDateTime,
    /// When it ends at the latest.
    pub expires_at: OffsetDateTime,
}

/// The longest name of a client that is kept.
const LONGEST_AGENT: usize = 200;

/// What a client calls itself, cut and cleaned once more: it is shown to people.
pub fn user_agent(given: Option<&str>) -> String {
    given
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_graphic() || *c == ' ')
        .take(LONGEST_AGENT)
        .collect()
}

/// A sign-in as its owner and the board see it.
pub struct Stay {
    /// Its id.
    pub id: Uuid,
    /// When it started.
    pub started_at: OffsetDateTime,
    /// When it was last used.
    pub last_used_at: OffsetDateTime,
    /// When it ended and why; a time that is over is an end, told or not.
    pub end: Option<(OffsetDateTime, EndCause)>,
    /// What the client calls itself.
    pub user_agent: String,
    /// The address as the edge saw it.
    pub address: String,
    /// Whether inside the school.
    pub premises: bool,
    /// Whether the second factor was a security key.
    pub security_key: bool,
    /// Whether another sign-in of the account was open elsewhere at the same time.
    pub parallel: bool,
    /// Whether other accounts of the school signed in from the same device.
    pub shared_device: bool,
}

/// Where a sign-in is used: the client's random text (as digest) and its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// SHA-256 of the text.
    pub digest: Vec<u8>,
    /// The address as the gateway saw it; empty when unknown.
    pub address: String,
}

/// A sign-in as a refresh finds it, with the token that was presented.
pub struct Family {
    /// The sign-in.
    pub sign_in: Uuid,
    /// Whose.
    pub account: Uuid,
    /// Where the account stands.
    pub state: State,
    /// Where it was started.
    pub client: Client,
    /// When it ends at the latest.
    pub expires_at: OffsetDateTime,
    /// When it ended.
    pub ended_at: Option<OffsetDateTime>,
    /// The place of the presented token in the family.
    pub generation: i32,
    /// When the presented token was rotated.
    pub rotated_at: Option<OffsetDateTime>,
    /// The newest place in the family.
    pub newest: i32,
}

/// What to do with a presented refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Give its successor, for the first time.
    Rotate,
    /// Give the same successor again.
    Again,
    /// Somebody holds a copy: end the sign-in.
    Reused,
    /// The sign-in is over.
    Over,
    /// The account is suspended.
    Suspended,
}

impl Family {
    /// Judges the presented token.
    pub fn judge(&self, client: &Client, now: OffsetDateTime) -> Verdict {
        match self.state {
            State::Suspended => return Verdict::Suspended,
            State::Pending => return Verdict::Over,
            State::Active => {}
        }
        if self.ended_at.is_some() || now >= self.expires_at {
            return Verdict::Over;
        }
        match self.rotated_at {
            None => Verdict::Rotate,
            Some(at) if self.generation + 1 == self.newest && now - at <= GRACE && *client == self.client => {
                Verdict::Again
            }
            Some(_) => Verdict::Reused,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::{Duration, macros::datetime};
    use uuid::Uuid;

    use super::{Client, Family, Verdict};
    use crate::model::account::State;

    #[rstest]
    #[case(None, 1, 0, true, Verdict::Rotate)]
    #[case(Some(10), 2, 0, true, Verdict::Again)]
    #[case(Some(11), 2, 0, true, Verdict::Reused)]
    #[case(Some(1), 2, 0, false, Verdict::Reused)]
    #[case(Some(1), 3, 0, true, Verdict::Reused)]
    #[case(None, 1, 13, true, Verdict::Over)]
    fn judges(
        #[case] rotated_ago: Option<i64>,
        #[case] newest: i32,
        #[case] hours: i64,
        #[case] same: bool,
        #[case] verdict: Verdict,
    ) {
        let start = datetime!(2026-01-01 0:00 UTC);
        let now = start + Duration::hours(hours) + Duration::minutes(1);
        let client = Client {
            digest: vec![1],
            address: "10.0.0.1".into(),
        };
        let family = Family {
            sign_in: Uuid::nil(),
            account: Uuid::nil(),
            state: State::Active,
            client: client.clone(),
            expires_at: start + super::LIFETIME,
            ended_at: None,
            generation: 1,
            rotated_at: rotated_ago.map(|s| now - Duration::seconds(s)),
            newest,
        };
        let from = if same {
            client
        } else {
            Client {
                digest: vec![2],
                ..client
            }
        };
        assert_eq!(family.judge(&from, now), verdict);
    }
}
