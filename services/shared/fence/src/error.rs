//! What a guarded statement can fail with.

use hocba_chassis::{Failure, database::LostRace};

/// The fence's word against a write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The transaction is not READ COMMITTED: a fault of the program.
    #[error("guarded writes need READ COMMITTED")]
    Isolation,
    /// The term is locked.
    #[error("the term is locked")]
    TermLocked {
        /// The term's key, `2025-2026/marks-semester1`.
        term: String,
        /// The epoch of the fence.
        epoch: i64,
    },
    /// The dossier has no such scope.
    #[error("no such scope")]
    ScopeUnknown,
    /// The scope was used before.
    #[error("the scope was used")]
    ScopeUsed,
    /// The scope is open for other content.
    #[error("the scope is open for other content")]
    ScopeMismatch,
    /// The scope has ended, or a later closing made it void.
    #[error("the scope has ended")]
    ScopeEnded,
    /// The row carries another epoch than the one in force.
    #[error("the row is of another epoch")]
    EpochStale,
}

impl Refusal {
    /// The refusal inside a database error, if the fence spoke.
    #[must_use]
    pub fn of(error: &sqlx::Error) -> Option<Self> {
        let error = error
            .as_database_error()?
            .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()?;
        match error.code() {
            "HB001" => Some(Self::Isolation),
            "HB002" => Some(Self::TermLocked {
                term: error.detail().unwrap_or_default().to_owned(),
                epoch: error
                    .hint()
                    .and_then(|hint| hint.parse().ok())
                    .unwrap_or_default(),
            }),
            "HB003" => Some(Self::ScopeUnknown),
            "HB004" => Some(Self::ScopeUsed),
            "HB005" => Some(Self::ScopeMismatch),
            "HB006" => Some(Self::ScopeEnded),
            "HB007" => Some(Self::EpochStale),
            _ => None,
        }
    }
}

/// What a step on the fence can fail with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The fence refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Writers in flight did not end within [`crate::PATIENCE`].
    #[error("writers in flight did not end in time")]
    Busy,
    /// This database guards other terms.
    #[error("this database does not guard {0}")]
    NotGuarded(String),
    /// The guarded service could not do its part; nothing was installed.
    #[error("the guarded service failed: {0}")]
    Guard(Box<Failure>),
    /// The database failed.
    #[error(transparent)]
    Database(sqlx::Error),
}

impl LostRace for Error {
    fn is_lost_race(&self) -> bool {
        match self {
            Self::Database(error) => error.is_lost_race(),
            // A guard that lost a race for rows cannot say so by its failure.
            Self::Guard(_) => true,
            Self::Refused(_) | Self::Busy | Self::NotGuarded(_) => false,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if let Some(refusal) = Refusal::of(&error) {
            return Self::Refused(refusal);
        }
        // 55P03: lock_timeout while waiting for the writers in flight.
        match error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
        {
            Some(code) if code == "55P03" => Self::Busy,
            Some(_) | None => Self::Database(error),
        }
    }
}

/// The domain of the reasons of `hocba.lock.v1.ErrorReason`.
const DOMAIN: &str = "lock.hocba";

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Isolation => Self::internal("a guarded write outside READ COMMITTED"),
            Refusal::TermLocked { term, epoch } => Self::precondition(DOMAIN, "TERM_LOCKED")
                .meta("term", term)
                .meta("epoch", epoch)
                .vi("Kì này đã khóa, không ghi được nữa. Muốn sửa xin lập hồ sơ sửa điểm."),
            Refusal::ScopeUnknown => Self::precondition(DOMAIN, "SCOPE_UNKNOWN")
                .vi("Hồ sơ này chưa được mở quyền sửa trong kì đã khóa."),
            Refusal::ScopeUsed => {
                Self::precondition(DOMAIN, "SCOPE_USED").vi("Quyền sửa của hồ sơ này đã dùng rồi.")
            }
            Refusal::ScopeMismatch => {
                Self::precondition(DOMAIN, "SCOPE_MISMATCH").vi("Quyền sửa được mở cho nội dung khác.")
            }
            Refusal::ScopeEnded => Self::precondition(DOMAIN, "SCOPE_ENDED").vi("Quyền sửa đã hết hạn."),
            Refusal::EpochStale => {
                Self::aborted(DOMAIN, "TERM_BUSY").vi("Kì vừa khóa hoặc mở lại, xin thử lại.")
            }
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Busy => Self::unavailable(DOMAIN, "FENCE_BUSY")
                .vi("Đang có người ghi dở, xin thử lại sau giây lát.")
                .retry_after(std::time::Duration::from_secs(1)),
            Error::NotGuarded(term) => Self::precondition(DOMAIN, "TERM_NOT_GUARDED")
                .meta("term", term)
                .vi("Kì này không thuộc dịch vụ này."),
            Error::Guard(failure) => *failure,
            Error::Database(error) => error.into(),
        }
    }
}
