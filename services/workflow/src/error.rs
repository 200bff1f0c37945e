//! What workflow can fail with, and the one mapping to reasons.

use hocba_chassis::{Failure, act_token, error::PeerFailure};
use tonic::Status;

use crate::model::course::Refusal;

/// The domain of `hocba.workflow.v1.ErrorReason`.
const DOMAIN: &str = "workflow.hocba";

/// Everything workflow can fail with.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "each variant is a reason of hocba.workflow.v1.ErrorReason, which says what it means"
)]
pub enum Error {
    #[error("lock order unknown")]
    LockOrderUnknown,
    #[error("number taken")]
    NumberTaken,
    #[error("end out of range")]
    EndOutOfRange,
    #[error("already decided")]
    AlreadyDecided,
    #[error("not approved")]
    NotApproved,
    #[error("already executed")]
    AlreadyExecuted,
    #[error("same person")]
    SamePerson,
    #[error("dossier unknown")]
    DossierUnknown,
    #[error("the dossier is {0}")]
    DossierState(&'static str),
    #[error("cell not sealed")]
    CellNotSealed(String),
    #[error("not the teacher")]
    NotTeacher,
    #[error("evidence unknown")]
    EvidenceUnknown,
    #[error("evidence missing")]
    EvidenceMissing,
    #[error("reason required")]
    ReasonRequired,
    #[error("wrong capacity")]
    WrongCapacity,
    #[error("permit expired")]
    PermitExpired,
    #[error("checklist item unknown")]
    ChecklistItemUnknown,
    #[error("review unknown")]
    ReviewUnknown,
    #[error("review open")]
    ReviewOpen,
    #[error("the database holds what it must not: {0}")]
    Damaged(&'static str),
    #[error("a peer refused")]
    Peer(Box<Status>),
    #[error(transparent)]
    Shared(#[from] Failure),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::State(state) => Self::DossierState(state),
            Refusal::EvidenceMissing => Self::EvidenceMissing,
            Refusal::SamePerson => Self::SamePerson,
            Refusal::ReasonRequired => Self::ReasonRequired,
            Refusal::WrongCapacity => Self::WrongCapacity,
            Refusal::OtherContent => Self::Shared(act_token::invalid().meta("what", "digest")),
            Refusal::PermitExpired => Self::PermitExpired,
            Refusal::ItemUnknown => Self::ChecklistItemUnknown,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Shared(error.into())
    }
}

impl From<PeerFailure> for Error {
    fn from(failure: PeerFailure) -> Self {
        match failure {
            PeerFailure::Refused(status) => Self::Peer(status),
            PeerFailure::Own(own) => Self::Shared(*own),
        }
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let failure = match error {
            Error::Peer(status) => return *status,
            Error::Shared(failure) => failure,
            Error::LockOrderUnknown => {
                Failure::not_found(DOMAIN, "LOCK_ORDER_UNKNOWN").vi("Không có lệnh khoá này.")
            }
            Error::NumberTaken => {
                Failure::precondition(DOMAIN, "NUMBER_TAKEN").vi("Số quyết định này đã dùng trong năm học.")
            }
            Error::EndOutOfRange => Failure::invalid(DOMAIN, "END_OUT_OF_RANGE")
                .vi("Thời điểm khoá lại phải ở phía trước và trong vòng 31 ngày."),
            Error::AlreadyDecided => {
                Failure::precondition(DOMAIN, "ALREADY_DECIDED").vi("Việc này đã được quyết định.")
            }
            Error::NotApproved => {
                Failure::precondition(DOMAIN, "NOT_APPROVED").vi("Hiệu trưởng chưa duyệt lệnh này.")
            }
            Error::AlreadyExecuted => {
                Failure::precondition(DOMAIN, "ALREADY_EXECUTED").vi("Lệnh này đã được thực hiện.")
            }
            Error::SamePerson => Failure::denied(DOMAIN, "SAME_PERSON")
                .vi("Việc này cần những người khác nhau, thầy cô đã giữ một vai khác."),
            Error::DossierUnknown => {
                Failure::not_found(DOMAIN, "DOSSIER_UNKNOWN").vi("Không có hồ sơ sửa điểm này.")
            }
            Error::DossierState(state) => Failure::precondition(DOMAIN, "DOSSIER_STATE")
                .meta("article", "A5.1")
                .meta("state", state)
                .vi("Hồ sơ không ở bước này."),
            Error::CellNotSealed(cell) => Failure::precondition(DOMAIN, "CELL_NOT_SEALED")
                .meta("article", "A5.1")
                .meta("cell", cell)
                .vi("Ô này chưa chốt, xin nhập như bình thường."),
            Error::NotTeacher => Failure::denied(DOMAIN, "NOT_TEACHER")
                .meta("article", "A5.1")
                .vi("Chỉ người nhập bảng điểm được xin sửa."),
            Error::EvidenceUnknown => Failure::not_found(DOMAIN, "EVIDENCE_UNKNOWN")
                .meta("article", "A5.2a")
                .vi("Chưa có tệp minh chứng này, xin tải lên trước."),
            Error::EvidenceMissing => Failure::precondition(DOMAIN, "EVIDENCE_MISSING")
                .meta("article", "A5.2a")
                .vi("Hồ sơ sửa điểm phải có minh chứng (bài kiểm tra hoặc tài liệu chứng minh sai sót)."),
            Error::ReasonRequired => Failure::invalid(DOMAIN, "REASON_REQUIRED")
                .meta("article", "A5.2d")
                .violation("reason", "hồ sơ quá hạn phải ghi rõ lí do đồng ý")
                .vi("Hồ sơ quá hạn: Hiệu trưởng phải ghi rõ lí do đồng ý."),
            Error::WrongCapacity => Failure::denied(DOMAIN, "WRONG_CAPACITY")
                .meta("article", "A5.1")
                .vi("Thầy cô không giữ vai này trong việc chứng kiến."),
            Error::PermitExpired => Failure::precondition(DOMAIN, "PERMIT_EXPIRED")
                .meta("article", "A5.2c")
                .vi("Giấy phép sửa đã hết hạn, hồ sơ đã khép lại, xin lập hồ sơ mới."),
            Error::ChecklistItemUnknown => Failure::not_found(DOMAIN, "CHECKLIST_ITEM_UNKNOWN")
                .meta("article", "A5.2d")
                .vi("Danh mục không có mục này."),
            Error::ReviewUnknown => {
                Failure::not_found(DOMAIN, "REVIEW_UNKNOWN").vi("Không có đề nghị duyệt này.")
            }
            Error::ReviewOpen => {
                Failure::precondition(DOMAIN, "REVIEW_OPEN").vi("Lớp này đang có một đề nghị chờ duyệt.")
            }
            Error::Damaged(what) => Failure::internal(format!("the database holds what it must not: {what}")),
        };
        failure.into()
    }
}
