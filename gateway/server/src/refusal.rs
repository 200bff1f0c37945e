//! Answers of our own, in the same shape as the services' (docs/errors.md).

use std::time::Duration;

use hocba_chassis::{Failure, error::SHARED};
use tonic::Code;

/// A method of our services among themselves.
#[must_use]
pub fn internal_only() -> Failure {
    Failure::denied(SHARED, "INTERNAL_ONLY").vi("Chức năng này chỉ dành cho nội bộ hệ thống.")
}

/// No such method.
#[must_use]
pub fn method_unknown() -> Failure {
    Failure::new(Code::Unimplemented, SHARED, "METHOD_UNKNOWN").vi("Không có chức năng này.")
}

/// The client calls too often.
#[must_use]
pub fn rate_limited(wait: Duration) -> Failure {
    Failure::exhausted(SHARED, "RATE_LIMITED")
        .vi("Có quá nhiều yêu cầu từ địa chỉ này, xin thử lại sau ít giây.")
        .retry_after(wait)
}

/// The request has too many bytes.
#[must_use]
pub fn request_too_large(limit: usize) -> Failure {
    Failure::exhausted(SHARED, "REQUEST_TOO_LARGE")
        .meta("limit_bytes", limit)
        .vi("Dữ liệu gửi lên vượt quá dung lượng cho phép.")
}

/// The service did not answer in time.
#[must_use]
pub fn too_late() -> Failure {
    Failure::new(Code::DeadlineExceeded, SHARED, "DEADLINE_TOO_SHORT")
        .vi("Yêu cầu chưa kịp hoàn thành trong thời gian cho phép.")
}
