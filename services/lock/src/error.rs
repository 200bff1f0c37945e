//! What lock can fail with, and the one mapping to reasons.

use std::time::Duration;

use hocba_chassis::Failure;
use tonic::Status;

use crate::model::{change::Refusal, scope::Epoch};

/// The domain of `hocba.lock.v1.ErrorReason`.
const DOMAIN: &str = "lock.hocba";

/// A failure of an RPC of lock.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The rules of terms say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The change is recorded and on its way.
    #[error("epoch {0} is not installed everywhere yet")]
    Pending(Epoch),
    /// The chassis, the policy or the database says no.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Failure(error.into())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refused(refusal),
            Error::Pending(epoch) => Self::unavailable(DOMAIN, "FENCE_PENDING")
                .meta("epoch", epoch)
                .vi("Lệnh đã ghi nhận và đang được thực hiện, xin xem lại sau giây lát.")
                .retry_after(Duration::from_secs(2)),
            Error::Failure(failure) => failure,
        }
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        Failure::from(error).into()
    }
}

fn refused(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::TermOpen => Failure::precondition(DOMAIN, "TERM_OPEN").vi("Kì này đang mở."),
        Refusal::Busy => Failure::aborted(DOMAIN, "TERM_BUSY")
            .vi("Một lệnh khác của kì này chưa xong, xin thử lại sau giây lát.")
            .retry_after(Duration::from_secs(2)),
        Refusal::EndOutOfRange => Failure::invalid(DOMAIN, "END_OUT_OF_RANGE")
            .vi("Thời điểm kết thúc đã qua hoặc quá xa.")
            .violation("end_time", "phải ở tương lai và trong giới hạn cho phép"),
        Refusal::ScopeUnknown => Failure::precondition(DOMAIN, "SCOPE_UNKNOWN")
            .vi("Hồ sơ này chưa được mở quyền sửa trong kì này."),
        Refusal::ScopeUsed => {
            Failure::precondition(DOMAIN, "SCOPE_USED").vi("Quyền sửa của hồ sơ này đã dùng rồi.")
        }
        Refusal::ScopeMismatch => Failure::precondition(DOMAIN, "SCOPE_MISMATCH")
            .vi("Quyền sửa của hồ sơ đang mở cho nội dung khác."),
    }
}
