//! What archive can fail with, and the one mapping to reasons.

use std::time::Duration;

use hocba_chassis::Failure;
use tonic::Status;

use crate::model::{evidence::LIMIT, slot::NotReady};

/// The domain of `hocba.archive.v1.ErrorReason`.
const DOMAIN: &str = "archive.hocba";

/// A failure of an RPC of archive.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The content is none of the three types.
    #[error("the content is no PDF, PNG or JPEG")]
    EvidenceType,
    /// More than the limit.
    #[error("the file is too large")]
    EvidenceTooLarge,
    /// Not the announced bytes.
    #[error("the digest differs")]
    EvidenceDigest,
    /// No such file.
    #[error("no such evidence")]
    EvidenceUnknown,
    /// No such document.
    #[error("no such document")]
    DocumentUnknown,
    /// No such package.
    #[error("no such package")]
    PackageUnknown,
    /// The slot is not one that can be signed now.
    #[error("the slot {slot} is not ready")]
    NotReady {
        /// Which.
        slot: String,
        /// Why.
        why: NotReady,
    },
    /// The slot is signed already, by another signature.
    #[error("the slot {0} is signed")]
    SlotSigned(String),
    /// The document changed since it was shown.
    #[error("the document changed")]
    StaleDigest,
    /// The signature does not verify.
    #[error("the signature does not verify: {0}")]
    SignatureInvalid(String),
    /// The slot belongs to another.
    #[error("the slot belongs to another")]
    WrongSigner,
    /// Documents without seal.
    #[error("{0} documents are not sealed")]
    NotSealedYet(usize),
    /// The books are locked.
    #[error("the books are locked")]
    BooksLocked,
    /// The facts are not whole.
    #[error("the facts are not whole: {0}")]
    FactsIncomplete(String),
    /// The log does not hold what was just sealed.
    #[error("the log is behind")]
    LogBehind,
    /// No such entry.
    #[error("no such entry")]
    EntryUnknown,
    /// The log holds nothing yet.
    #[error("the log is empty")]
    LogEmpty,
    /// A peer refused; its status goes on unchanged.
    #[error("a peer refused")]
    Peer(Box<Status>),
    /// The chassis, the policy or the database says no.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        hocba_fence::Error::from(error).into()
    }
}

impl From<hocba_fence::Error> for Error {
    fn from(error: hocba_fence::Error) -> Self {
        match error {
            hocba_fence::Error::Refused(hocba_fence::Refusal::TermLocked { .. }) => Self::BooksLocked,
            other => Self::Failure(other.into()),
        }
    }
}

impl From<hocba_chassis::error::PeerFailure> for Error {
    fn from(failure: hocba_chassis::error::PeerFailure) -> Self {
        match failure {
            hocba_chassis::error::PeerFailure::Refused(status) => Self::Peer(status),
            hocba_chassis::error::PeerFailure::Own(own) => Self::Failure(*own),
        }
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        match error.into_failure() {
            Ok(failure) => failure.into(),
            Err(status) => *status,
        }
    }
}

impl Error {
    /// The failure, or the status a peer refused with.
    ///
    /// # Errors
    /// The peer's status.
    pub fn into_failure(self) -> Result<Failure, Box<Status>> {
        Ok(match self {
            Self::Peer(status) => return Err(status),
            Self::Failure(failure) => failure,
            Self::EvidenceType => {
                Failure::invalid(DOMAIN, "EVIDENCE_TYPE").vi("Chỉ nhận tệp PDF, PNG hoặc JPEG.")
            }
            Self::EvidenceTooLarge => Failure::invalid(DOMAIN, "EVIDENCE_TOO_LARGE")
                .meta("limit", LIMIT)
                .vi("Tệp lớn hơn 10 MB."),
            Self::EvidenceDigest => Failure::invalid(DOMAIN, "EVIDENCE_DIGEST")
                .vi("Tệp nhận được không khớp mã băm đã báo, xin tải lên lại."),
            Self::EvidenceUnknown => {
                Failure::not_found(DOMAIN, "EVIDENCE_UNKNOWN").vi("Không có tệp minh chứng này.")
            }
            Self::DocumentUnknown => Failure::not_found(DOMAIN, "DOCUMENT_UNKNOWN").vi("Chưa có học bạ này."),
            Self::PackageUnknown => Failure::not_found(DOMAIN, "PACKAGE_UNKNOWN").vi("Không có gói này."),
            Self::NotReady { slot, why } => not_ready(&slot, &why),
            Self::SlotSigned(slot) => Failure::precondition(DOMAIN, "SLOT_SIGNED")
                .meta("slot", slot)
                .vi("Chỗ này đã có chữ kí."),
            Self::StaleDigest => Failure::precondition(DOMAIN, "STALE_DIGEST")
                .vi("Học bạ đã thay đổi sau khi hiển thị, xin xem lại rồi kí."),
            Self::SignatureInvalid(what) => Failure::invalid(DOMAIN, "SIGNATURE_INVALID")
                .meta("what", what)
                .vi("Chữ kí không kiểm chứng được với văn bản."),
            Self::WrongSigner => Failure::denied(DOMAIN, "WRONG_SIGNER").vi("Chỗ kí này của người khác."),
            Self::NotSealedYet(count) => Failure::precondition(DOMAIN, "NOT_SEALED_YET")
                .meta("count", count)
                .vi(format!("Còn {count} văn bản chưa đóng dấu.")),
            Self::BooksLocked => {
                Failure::precondition(DOMAIN, "BOOKS_LOCKED").vi("Học bạ của năm học này đã khóa.")
            }
            Self::FactsIncomplete(what) => Failure::precondition(DOMAIN, "FACTS_INCOMPLETE")
                .meta("what", what)
                .vi("Kết quả của lớp chưa đủ: cần khóa hết điểm và xác nhận kết quả cả năm."),
            Self::LogBehind => Failure::unavailable(DOMAIN, "LOG_BEHIND")
                .retry_after(Duration::from_secs(1))
                .vi("Nhật kí chưa ghi xong các học bạ vừa đóng dấu, xin thử lại sau ít giây."),
            Self::EntryUnknown => Failure::not_found(DOMAIN, "ENTRY_UNKNOWN")
                .vi("Nhật kí chưa có mục này, xin thử lại sau giây lát."),
            Self::LogEmpty => Failure::not_found(DOMAIN, "LOG_EMPTY").vi("Nhật kí chưa có mục nào."),
        })
    }
}

fn not_ready(slot: &str, why: &NotReady) -> Failure {
    match why {
        NotReady::Unknown => Failure::invalid(DOMAIN, "SLOT_UNKNOWN")
            .meta("slot", slot)
            .vi("Học bạ không có chỗ kí này."),
        NotReady::Missing(missing) => Failure::precondition(DOMAIN, "SLOT_NOT_READY")
            .meta("slot", slot)
            .meta("missing", missing)
            .vi("Chưa đến lượt kí này: chữ kí trước đó còn thiếu."),
        NotReady::Approval => Failure::precondition(DOMAIN, "APPROVAL_MISSING")
            .meta("slot", slot)
            .vi("Ban giám hiệu chưa duyệt kết quả của lớp."),
    }
}
