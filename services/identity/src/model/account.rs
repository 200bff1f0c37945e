//! Accounts: one person each, never another's (A9).

use time::OffsetDateTime;
use uuid::Uuid;

use super::{email::Email, home::Home, slug::Slug};

/// Where an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Password and second factor are not both set.
    Pending,
    /// May sign in.
    Active,
    /// May not sign in.
    Suspended,
}

impl State {
    /// The word in SQL and in error metadata.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    /// Reads the word of the database, whose check constraint knows no fourth.
    pub fn of_sql(word: &str) -> Self {
        match word {
            "active" => Self::Active,
            "suspended" => Self::Suspended,
            _ => Self::Pending,
        }
    }
}

/// An account without its secrets.
#[derive(Clone)]
pub struct Account {
    /// Its id.
    pub id: Uuid,
    /// Its tenant.
    pub home: Home,
    /// A district officer's authority.
    pub authority: Option<Slug>,
    /// The address in lower case.
    pub email: String,
    /// Full name as printed.
    pub display_name: String,
    /// Title as printed.
    pub title: String,
    /// The school's own code of the person.
    pub staff_code: String,
    /// Where it stands.
    pub state: State,
    /// When it was created.
    pub created_at: OffsetDateTime,
    /// The last successful sign-in.
    pub last_sign_in_at: Option<OffsetDateTime>,
    /// Whether it was ever activated: password and second factor are confirmed.
    pub confirmed: bool,
}

/// What an account is created from.
pub struct NewAccount {
    /// Its tenant.
    pub home: Home,
    /// A district officer's authority.
    pub authority: Option<Slug>,
    /// The address.
    pub email: Email,
    /// Full name as printed.
    pub display_name: String,
    /// Title as printed.
    pub title: String,
    /// The school's own code of the person.
    pub staff_code: String,
}

/// What proves an account's owner.
pub struct Credentials {
    /// The account.
    pub id: Uuid,
    /// Its tenant.
    pub home: Home,
    /// Where it stands.
    pub state: State,
    /// The argon2id string, when a password is set.
    pub password_hash: Option<String>,
    /// The encrypted second factor, when one is set.
    pub totp_sealed: Option<Vec<u8>>,
}
