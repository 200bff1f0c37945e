//! What happened to an account, as the other services are told.

use time::OffsetDateTime;
use uuid::Uuid;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One sign-in has ended.
    SignInEnded,
    /// The account is suspended; its sign-ins have ended with it.
    AccountSuspended,
    /// The account is restored.
    AccountRestored,
    /// Its roles changed.
    RolesChanged,
}

impl Kind {
    /// The word in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignInEnded => "sign_in_ended",
            Self::AccountSuspended => "account_suspended",
            Self::AccountRestored => "account_restored",
            Self::RolesChanged => "roles_changed",
        }
    }

    /// Reads the word of the database, whose check constraint knows no fifth.
    pub fn of_sql(word: &str) -> Self {
        match word {
            "sign_in_ended" => Self::SignInEnded,
            "account_suspended" => Self::AccountSuspended,
            "account_restored" => Self::AccountRestored,
            _ => Self::RolesChanged,
        }
    }
}

/// One event of the feed.
#[derive(Debug, Clone)]
pub struct AccountEvent {
    /// Rises in commit order without gaps.
    pub sequence: i64,
    /// The tenant's key.
    pub home: super::home::Home,
    /// What happened.
    pub kind: Kind,
    /// To whom.
    pub account: Uuid,
    /// To which sign-in.
    pub sign_in: Option<Uuid>,
    /// When.
    pub at: OffsetDateTime,
}
