//! A failure: code, reason and facts for programs, Vietnamese words for people.

use std::{collections::BTreeMap, fmt, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// The domain of reasons that all services share (`hocba.type.v1.ErrorReason`).
pub const SHARED: &str = "hocba";

/// Why a call fails. Turned into a [`Status`] once, at the border.
#[derive(Debug)]
pub struct Failure {
    code: Code,
    domain: &'static str,
    reason: &'static str,
    vietnamese: String,
    metadata: BTreeMap<String, String>,
    violations: Vec<(String, String)>,
    retry_after: Option<Duration>,
    inside: Option<String>,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident => $code:ident,)*) => {
        impl Failure {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(domain: &'static str, reason: &'static str) -> Self {
                Self::new(Code::$code, domain, reason)
            })*
        }
    };
}

codes! {
    /// INVALID_ARGUMENT: malformed.
    invalid => InvalidArgument,
    /// UNAUTHENTICATED.
    unauthenticated => Unauthenticated,
    /// PERMISSION_DENIED: known but not allowed.
    denied => PermissionDenied,
    /// NOT_FOUND: absent or not to be known.
    not_found => NotFound,
    /// FAILED_PRECONDITION: the state forbids it.
    precondition => FailedPrecondition,
    /// ABORTED: a lost race.
    aborted => Aborted,
    /// RESOURCE_EXHAUSTED.
    exhausted => ResourceExhausted,
    /// UNAVAILABLE: try again.
    unavailable => Unavailable,
}

impl Failure {
    /// A failure of any code. `domain` is the service's, such as `records.hocba`.
    #[must_use]
    pub fn new(code: Code, domain: &'static str, reason: &'static str) -> Self {
        Self {
            code,
            domain,
            reason,
            vietnamese: String::new(),
            metadata: BTreeMap::new(),
            violations: Vec::new(),
            retry_after: None,
            inside: None,
        }
    }

    /// Our fault. `inside` is logged when the failure leaves the service and never shown.
    pub fn internal(inside: impl fmt::Display) -> Self {
        let mut failure = Self::new(Code::Internal, SHARED, "INTERNAL")
            .vi("Hệ thống gặp lỗi. Xin thử lại; nếu vẫn lỗi hãy báo Ban quản trị.");
        failure.inside = Some(inside.to_string());
        failure
    }

    /// Nobody is signed in.
    #[must_use]
    pub fn sign_in_first() -> Self {
        Self::unauthenticated(SHARED, "UNAUTHENTICATED").vi("Xin đăng nhập trước.")
    }

    /// A malformed field.
    pub fn bad_request(field: impl Into<String>, words: impl Into<String>) -> Self {
        Self::invalid(SHARED, "BAD_REQUEST")
            .vi("Yêu cầu chưa hợp lệ.")
            .violation(field, words)
    }

    /// Adds a fact.
    #[must_use]
    pub fn meta(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.metadata.insert(key.to_owned(), value.to_string());
        self
    }

    /// Adds a malformed field; all of them are told, not the first.
    #[must_use]
    pub fn violation(mut self, field: impl Into<String>, words: impl Into<String>) -> Self {
        self.violations.push((field.into(), words.into()));
        self
    }

    /// Sets the words for people: what happened and what to do.
    #[must_use]
    pub fn vi(mut self, words: impl Into<String>) -> Self {
        self.vietnamese = words.into();
        self
    }

    /// Says when trying again makes sense.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The reason.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.reason
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?})", self.reason, self.code)?;
        if let Some(inside) = &self.inside {
            write!(f, ": {inside}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

impl From<sqlx::Error> for Failure {
    /// A database that is away is UNAVAILABLE; anything else nobody foresaw is our fault. Named
    /// constraints are turned into domain errors where the query stands, before they come here.
    fn from(error: sqlx::Error) -> Self {
        let away = matches!(
            error,
            sqlx::Error::PoolTimedOut
                | sqlx::Error::Io(_)
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
        ) || error
            .as_database_error()
            .and_then(|database| database.code())
            .is_some_and(|code| code.starts_with("57P") || code.starts_with("08") || code.starts_with("53"));
        if away {
            Self::away("database")
        } else {
            Self::internal(error)
        }
    }
}

impl Failure {
    /// Something behind us is away.
    #[must_use]
    pub fn away(what: &str) -> Self {
        Self::unavailable(SHARED, "UNAVAILABLE")
            .meta("what", what)
            .vi("Dịch vụ đang bận hoặc tạm ngừng, xin thử lại sau giây lát.")
            .retry_after(Duration::from_secs(1))
    }

    /// A peer's refusal, passed on as it is when it carries details of ours; otherwise the peer is away or broken.
    #[must_use]
    pub fn from_peer(peer: &str, status: &Status) -> PeerFailure {
        if status.get_details_error_info().is_some() {
            PeerFailure::Refused(Box::new(status.clone()))
        } else if matches!(
            status.code(),
            Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown
        ) {
            PeerFailure::Own(Box::new(Self::away(peer)))
        } else {
            PeerFailure::Own(Box::new(Self::internal(format!(
                "{peer} answered {:?}",
                status.code()
            ))))
        }
    }
}

/// What a failed call to a peer means for our own caller.
#[derive(Debug)]
pub enum PeerFailure {
    /// The peer refused with a reason: its status goes on unchanged.
    Refused(Box<Status>),
    /// The peer is away, or answered nonsense.
    Own(Box<Failure>),
}

impl From<PeerFailure> for Status {
    fn from(failure: PeerFailure) -> Self {
        match failure {
            PeerFailure::Refused(status) => *status,
            PeerFailure::Own(own) => (*own).into(),
        }
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        if let Some(inside) = &failure.inside {
            tracing::error!(reason = failure.reason, inside, "internal failure");
        }
        let mut details = ErrorDetails::new();
        details.set_error_info(
            failure.reason,
            failure.domain,
            failure
                .metadata
                .into_iter()
                .collect::<std::collections::HashMap<_, _>>(),
        );
        if !failure.vietnamese.is_empty() {
            details.set_localized_message("vi", failure.vietnamese.clone());
        }
        if !failure.violations.is_empty() {
            let violations: Vec<_> = failure
                .violations
                .into_iter()
                .map(|(field, words)| tonic_types::FieldViolation::new(field, words))
                .collect();
            details.set_bad_request(violations);
        }
        if failure.retry_after.is_some() {
            details.set_retry_info(failure.retry_after);
        }
        Self::with_error_details(failure.code, failure.reason, details)
    }
}
