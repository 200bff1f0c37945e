//! Incidents: reported at once, taken notice of, acted on, closed (A9, 7.2).

use time::OffsetDateTime;
use uuid::Uuid;

/// What an incident is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Somebody cannot get in.
    NoAccess,
    /// Somebody else may have used an account.
    AccountMisused,
    /// Data are wrong or gone.
    DataWrong,
    /// Data were seen by who must not see them.
    DataLeaked,
    /// The system does not work as it should.
    SystemFault,
    /// Anything else.
    Other,
}

impl Kind {
    /// The word in SQL and in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoAccess => "no_access",
            Self::AccountMisused => "account_misused",
            Self::DataWrong => "data_wrong",
            Self::DataLeaked => "data_leaked",
            Self::SystemFault => "system_fault",
            Self::Other => "other",
        }
    }

    /// Reads the word of the database, whose check constraint knows no seventh.
    pub fn of_sql(word: &str) -> Self {
        match word {
            "no_access" => Self::NoAccess,
            "account_misused" => Self::AccountMisused,
            "data_wrong" => Self::DataWrong,
            "data_leaked" => Self::DataLeaked,
            "system_fault" => Self::SystemFault,
            _ => Self::Other,
        }
    }
}

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody has taken notice yet.
    Reported,
    /// Somebody has.
    Acknowledged,
    /// Something was done.
    Acted,
    /// It is over.
    Closed,
}

impl State {
    /// The word in SQL and in error metadata.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Acknowledged => "acknowledged",
            Self::Acted => "acted",
            Self::Closed => "closed",
        }
    }

    /// Reads the word of the database, whose check constraint knows no fifth.
    pub fn of_sql(word: &str) -> Self {
        match word {
            "acknowledged" => Self::Acknowledged,
            "acted" => Self::Acted,
            "closed" => Self::Closed,
            _ => Self::Reported,
        }
    }
}

/// How an incident ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Mended.
    Resolved,
    /// It was none.
    NoIncident,
    /// Handed on to who can mend it.
    HandedOn,
}

impl Outcome {
    /// The word in SQL and in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::NoIncident => "no_incident",
            Self::HandedOn => "handed_on",
        }
    }

    /// Reads the word of the database, whose check constraint knows no fourth.
    pub fn of_sql(word: &str) -> Self {
        match word {
            "resolved" => Self::Resolved,
            "no_incident" => Self::NoIncident,
            _ => Self::HandedOn,
        }
    }
}

/// What is done about an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Taking notice.
    Acknowledge,
    /// Doing something.
    Record,
    /// Ending it.
    Close(Outcome),
}

impl State {
    /// Where an act leads; none where it does not belong. Nothing is done or ended that nobody took notice of, and what
    /// is over stays over.
    pub fn after(self, act: Act) -> Option<Self> {
        match (self, act) {
            (Self::Reported, Act::Acknowledge) => Some(Self::Acknowledged),
            (Self::Acknowledged | Self::Acted, Act::Record) => Some(Self::Acted),
            (Self::Acknowledged | Self::Acted, Act::Close(_)) => Some(Self::Closed),
            (Self::Reported, Act::Record | Act::Close(_))
            | (Self::Acknowledged | Self::Acted, Act::Acknowledge)
            | (Self::Closed, Act::Acknowledge | Act::Record | Act::Close(_)) => None,
        }
    }
}

/// An incident as it stands: words sealed.
#[derive(Debug, Clone)]
pub struct Incident {
    /// Its id.
    pub id: Uuid,
    /// What it is about.
    pub kind: Kind,
    /// What happened.
    pub description: Vec<u8>,
    /// Who reported it, when signed in.
    pub reporter: Option<Uuid>,
    /// How to reach who reported it without signing in.
    pub contact: Option<Vec<u8>>,
    /// Where it stands.
    pub state: State,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// When it was reported.
    pub reported_at: OffsetDateTime,
    /// What was done about it.
    pub steps: Vec<Step>,
}

/// One thing that was done.
#[derive(Debug, Clone)]
pub struct Step {
    /// The state it led to.
    pub state: State,
    /// Who.
    pub actor: Uuid,
    /// When.
    pub at: OffsetDateTime,
    /// In words.
    pub note: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Act, Outcome, State};

    const CLOSE: Act = Act::Close(Outcome::Resolved);

    #[rstest]
    #[case(State::Reported, Act::Acknowledge, Some(State::Acknowledged))]
    #[case(State::Reported, Act::Record, None)]
    #[case(State::Reported, CLOSE, None)]
    #[case(State::Acknowledged, Act::Acknowledge, None)]
    #[case(State::Acknowledged, Act::Record, Some(State::Acted))]
    #[case(State::Acknowledged, CLOSE, Some(State::Closed))]
    #[case(State::Acted, Act::Acknowledge, None)]
    #[case(State::Acted, Act::Record, Some(State::Acted))]
    #[case(State::Acted, CLOSE, Some(State::Closed))]
    #[case(State::Closed, Act::Acknowledge, None)]
    #[case(State::Closed, Act::Record, None)]
    #[case(State::Closed, CLOSE, None)]
    fn goes_one_way(#[case] from: State, #[case] act: Act, #[case] to: Option<State>) {
        assert_eq!(from.after(act), to);
    }
}
