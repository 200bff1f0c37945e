//! Recoveries: two people let in a third who lost a factor. Nobody recovers the own account.

use ring::digest::{SHA256, digest};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::home::Home;

/// How long another person may take to approve.
pub const LIFETIME: Duration = Duration::hours(24);
/// How long the code may be used afterwards.
pub const CODE_LIFETIME: Duration = Duration::hours(4);

/// Where a recovery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Waits for another person.
    Open,
    /// The old factors have ended.
    Approved,
    /// Ended by somebody.
    Cancelled,
    /// Nobody approved it in time.
    Expired,
}

impl State {
    /// The word in SQL, in events and in error metadata.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// Reads the word of the database, whose check constraint knows no fifth.
    pub fn of_sql(word: &str) -> Self {
        match word {
            "open" => Self::Open,
            "approved" => Self::Approved,
            "cancelled" => Self::Cancelled,
            _ => Self::Expired,
        }
    }
}

/// A recovery.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// Its id.
    pub id: Uuid,
    /// Who lost a factor.
    pub account: Uuid,
    /// What happened, in the starter's words.
    pub cause: String,
    /// Where it stands.
    pub state: State,
    /// Who started it.
    pub starter: Uuid,
    /// When.
    pub started_at: OffsetDateTime,
    /// Until when it can be approved.
    pub expires_at: OffsetDateTime,
    /// Who approved or cancelled it.
    pub decider: Option<Uuid>,
    /// When it was approved, cancelled or expired.
    pub decided_at: Option<OffsetDateTime>,
}

impl Recovery {
    /// Where it stands now: one whose time is over is expired, whether or not the sweeper came by.
    pub fn state_at(&self, now: OffsetDateTime) -> State {
        match self.state {
            State::Open if now >= self.expires_at => State::Expired,
            state => state,
        }
    }

    /// `accounts/{account}/recoveries/{recovery}`.
    pub fn name(&self) -> String {
        format!("accounts/{}/recoveries/{}", self.account, self.id)
    }

    /// What an approval's act token is over.
    pub fn digest(&self) -> String {
        let text = format!("{}\naccounts/{}\n{}", self.name(), self.starter, self.cause);
        data_encoding::HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref())
    }
}

/// What is missing for two people to recover an account together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// They are one.
    AnotherPerson,
    /// Two operators: a school's account is not the deployment's alone.
    School,
    /// Nobody but its only principal can speak for the school: an operator must be one of the two.
    Operator,
}

impl Missing {
    /// The word in error metadata.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AnotherPerson => "another_person",
            Self::School => "school",
            Self::Operator => "operator",
        }
    }
}

/// One of the two people, and where they are at home.
pub struct Helper<'a> {
    /// Who.
    pub account: Uuid,
    /// Where.
    pub home: &'a Home,
}

/// Whether these two may recover an account of a home.
pub fn may_recover(
    home: &Home,
    only_principal: bool,
    starter: &Helper<'_>,
    approver: &Helper<'_>,
) -> Result<(), Missing> {
    if starter.account == approver.account {
        return Err(Missing::AnotherPerson);
    }
    let operators = [starter, approver]
        .into_iter()
        .filter(|helper| *helper.home == Home::Deployment)
        .count();
    match (home, operators) {
        (Home::School(_), 2) => Err(Missing::School),
        (Home::School(_), 0) if only_principal => Err(Missing::Operator),
        (Home::School(_) | Home::Deployment, _) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::datetime;
    use uuid::Uuid;

    use super::{Helper, Missing, Recovery, State, may_recover};
    use crate::model::home::Home;

    #[rstest]
    #[case::two_of_the_school("a", false, "a", "a", Ok(()))]
    #[case::one_operator("a", false, "_", "a", Ok(()))]
    #[case::two_operators("a", false, "_", "_", Err(Missing::School))]
    #[case::only_principal("a", true, "a", "a", Err(Missing::Operator))]
    #[case::only_principal_with_an_operator("a", true, "a", "_", Ok(()))]
    #[case::an_operator("_", false, "_", "_", Ok(()))]
    fn two_people_fit(
        #[case] home: &str,
        #[case] only_principal: bool,
        #[case] starter: &str,
        #[case] approver: &str,
        #[case] verdict: Result<(), Missing>,
    ) {
        let [home, one, other] = [home, starter, approver].map(Home::of_key);
        let starter = Helper {
            account: Uuid::nil(),
            home: &one,
        };
        let approver = Helper {
            account: Uuid::max(),
            home: &other,
        };
        assert_eq!(may_recover(&home, only_principal, &starter, &approver), verdict);
        assert_eq!(
            may_recover(&home, only_principal, &starter, &starter),
            Err(Missing::AnotherPerson)
        );
    }

    #[test]
    fn expires_by_itself_and_binds_its_words() {
        let start = datetime!(2026-01-01 0:00 UTC);
        let recovery = Recovery {
            id: Uuid::nil(),
            account: Uuid::max(),
            cause: "mất điện thoại".to_owned(),
            state: State::Open,
            starter: Uuid::nil(),
            started_at: start,
            expires_at: start + super::LIFETIME,
            decider: None,
            decided_at: None,
        };
        assert_eq!(recovery.state_at(start), State::Open);
        assert_eq!(recovery.state_at(start + super::LIFETIME), State::Expired);
        let other = Recovery {
            cause: "khác".to_owned(),
            ..recovery.clone()
        };
        assert_ne!(recovery.digest(), other.digest());
        let approved = Recovery {
            state: State::Approved,
            ..recovery
        };
        assert_eq!(approved.state_at(start + super::LIFETIME), State::Approved);
    }
}
