//! What can go wrong, and its one mapping to codes and reasons.

use hocba_chassis::error::{Failure, SHARED};
use time::Duration;
use tonic::Status;
use uuid::Uuid;

use crate::{
    model::{
        account::State,
        challenge::Stale,
        incident,
        recovery::{Missing, State as RecoveryState},
        webauthn::Flaw,
    },
    vault::VaultError,
};

/// The short form everywhere in this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which field, as a path in the request.
    pub field: String,
    /// What is wrong.
    pub description: String,
}

/// Everything identity can fail with.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "each variant is a reason of hocba.identity.v1.ErrorReason, which says what it means"
)]
pub enum Error {
    #[error("malformed request")]
    Malformed(Vec<Violation>),
    #[error("sign-in refused")]
    SignInRefused,
    #[error("too many attempts")]
    AttemptsThrottled { wait: Duration },
    #[error("code used")]
    TotpCodeUsed,
    #[error("code wrong")]
    TotpCodeWrong,
    #[error("account suspended")]
    AccountSuspended,
    #[error("refresh token invalid")]
    RefreshTokenInvalid,
    #[error("refresh token reused")]
    RefreshTokenReused,
    #[error("sign-in over")]
    SignInOver,
    #[error("activation refused")]
    ActivationRefused,
    #[error("{field}: password weak: {what}")]
    PasswordWeak { field: &'static str, what: &'static str },
    #[error("password wrong")]
    PasswordWrong,
    #[error("challenge {}", .0.as_str())]
    ChallengeInvalid(Stale),
    #[error("attestation invalid: {}", .0.as_str())]
    AttestationInvalid(Flaw),
    #[error("assertion refused: {}", .0.as_str())]
    AssertionRefused(Flaw),
    #[error("signature counter went back")]
    SecurityKeyCounter,
    #[error("security key exists")]
    SecurityKeyExists,
    #[error("security key unknown")]
    SecurityKeyUnknown,
    #[error("too many security keys")]
    SecurityKeyLimit,
    #[error("recovery unknown")]
    RecoveryUnknown,
    #[error("recovery {recovery} is open")]
    RecoveryOpen { recovery: String },
    #[error("recovery is {}", .0.as_str())]
    RecoveryOver(RecoveryState),
    #[error("recovery needs {}", .0.as_str())]
    RecoveryPair(Missing),
    #[error("authority unknown")]
    AuthorityUnknown,
    #[error("authority exists")]
    AuthorityExists,
    #[error("school unknown")]
    SchoolUnknown,
    #[error("school exists")]
    SchoolExists,
    #[error("account unknown")]
    AccountUnknown,
    #[error("e-mail taken")]
    EmailTaken,
    #[error("account is {}", .0.as_str())]
    AccountState(State),
    #[error("role {0} is not the caller's to give")]
    RoleNotGrantable(&'static str),
    #[error("role held already")]
    RoleBindingExists { binding: String },
    #[error("role binding unknown")]
    RoleBindingUnknown,
    #[error("decision required")]
    DecisionRequired,
    #[error("role {0} is not in force")]
    RoleNotInForce(&'static str),
    #[error("delegation unknown")]
    DelegationUnknown,
    #[error("delegator is not principal in person")]
    DelegatorNotPrincipal,
    #[error("delegate is no vice principal")]
    DelegateNotVicePrincipal,
    #[error("delegation overlaps")]
    DelegationOverlaps,
    #[error("network exists")]
    NetworkExists,
    #[error("purpose unknown")]
    PurposeUnknown,
    #[error("own account")]
    OwnAccount,
    #[error("integrator unknown")]
    IntegratorUnknown,
    #[error("assertion refused: {0}")]
    ClientAssertionRefused(&'static str),
    #[error("assertion replayed")]
    ClientAssertionReplayed,
    #[error("grant not in force")]
    GrantNotInForce,
    #[error("grant too long")]
    GrantTooLong,
    #[error("working group unknown")]
    WorkingGroupUnknown,
    #[error("working group ended")]
    WorkingGroupEnded,
    #[error("{account} is no account of the school")]
    MemberUnknown { account: Uuid },
    #[error("group unknown")]
    GroupUnknown,
    #[error("group closed")]
    GroupClosed,
    #[error("group exists")]
    GroupExists,
    #[error("incident unknown")]
    IncidentUnknown,
    #[error("incident is {}", .0.as_str())]
    IncidentState(incident::State),
    #[error("too many reports")]
    ReportsThrottled { wait: Duration },
    #[error("etag mismatch")]
    EtagMismatch,
    #[error("too busy hashing")]
    Busy,
    #[error("hashing failed")]
    Hashing,
    #[error("the database holds what it must not: {0}")]
    Damaged(&'static str),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("token: {0}")]
    Token(#[from] jsonwebtoken::errors::Error),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error("shared failure")]
    Shared(Box<Failure>),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Shared(Box::new(failure))
    }
}

/// The domain of our own reasons.
const OWN: &str = "identity.hocba";

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        Failure::from(error).into()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Malformed(violations) => violations.into_iter().fold(
                Self::invalid(SHARED, "BAD_REQUEST").vi("Yêu cầu chưa hợp lệ."),
                |failure, v| failure.violation(v.field, v.description),
            ),
            Error::SignInRefused => Self::unauthenticated(OWN, "SIGN_IN_REFUSED")
                .vi("Thư điện tử, mật khẩu hoặc mã xác thực chưa đúng."),
            Error::AttemptsThrottled { wait } => Self::exhausted(OWN, "ATTEMPTS_THROTTLED")
                .retry_after(wait.unsigned_abs())
                .vi("Sai quá nhiều lần, xin chờ rồi thử lại."),
            Error::TotpCodeUsed => Self::unauthenticated(OWN, "TOTP_CODE_USED")
                .vi("Mã xác thực này đã dùng rồi, xin chờ mã kế tiếp (30 giây)."),
            Error::TotpCodeWrong => {
                Self::unauthenticated(OWN, "TOTP_CODE_WRONG").vi("Mã xác thực chưa đúng.")
            }
            Error::AccountSuspended => Self::denied(OWN, "ACCOUNT_SUSPENDED")
                .vi("Tài khoản đang bị tạm khóa, xin liên hệ Ban giám hiệu."),
            Error::RefreshTokenInvalid => {
                Self::unauthenticated(OWN, "REFRESH_TOKEN_INVALID").vi("Xin đăng nhập lại.")
            }
            Error::RefreshTokenReused => Self::unauthenticated(OWN, "REFRESH_TOKEN_REUSED")
                .vi("Phiên đăng nhập bị dùng ở hai nơi nên đã kết thúc, xin đăng nhập lại."),
            Error::SignInOver => {
                Self::unauthenticated(OWN, "SIGN_IN_OVER").vi("Phiên đăng nhập đã hết, xin đăng nhập lại.")
            }
            Error::ActivationRefused => Self::unauthenticated(OWN, "ACTIVATION_REFUSED")
                .vi("Thư điện tử hoặc mã kích hoạt chưa đúng, đã dùng hoặc quá hạn."),
            Error::PasswordWeak { field, what } => Self::invalid(OWN, "PASSWORD_WEAK")
                .violation(field, what)
                .vi("Mật khẩu cần 12 đến 256 kí tự, không ghép từ từ quen thuộc, tên, thư điện tử hay trường."),
            Error::PasswordWrong => {
                Self::unauthenticated(OWN, "PASSWORD_WRONG").vi("Mật khẩu hiện tại chưa đúng.")
            }
            Error::ChallengeInvalid(stale) => Self::precondition(OWN, "CHALLENGE_INVALID")
                .meta("what", stale.as_str())
                .vi("Yêu cầu dùng khóa bảo mật đã quá hạn hoặc đã dùng, xin bắt đầu lại."),
            Error::AttestationInvalid(flaw) => Self::invalid(OWN, "ATTESTATION_INVALID")
                .meta("what", flaw.as_str())
                .vi("Không đăng kí được khóa bảo mật này, xin thử lại hoặc dùng khóa khác."),
            Error::AssertionRefused(flaw) => Self::unauthenticated(OWN, "ASSERTION_REFUSED")
                .meta("what", flaw.as_str())
                .vi("Khóa bảo mật chưa xác nhận được việc này, xin thử lại."),
            Error::SecurityKeyCounter => Self::unauthenticated(OWN, "SECURITY_KEY_COUNTER")
                .vi("Khóa bảo mật này có thể đã bị sao chép: xin dùng cách khác và gỡ khóa này."),
            Error::SecurityKeyExists => {
                Self::precondition(OWN, "SECURITY_KEY_EXISTS").vi("Khóa bảo mật này đã đăng kí.")
            }
            Error::SecurityKeyUnknown => {
                Self::not_found(OWN, "SECURITY_KEY_UNKNOWN").vi("Không có khóa bảo mật này.")
            }
            Error::SecurityKeyLimit => Self::precondition(OWN, "SECURITY_KEY_LIMIT")
                .vi("Tài khoản đã có mười khóa bảo mật, xin gỡ bớt một khóa."),
            Error::RecoveryUnknown => {
                Self::not_found(OWN, "RECOVERY_UNKNOWN").vi("Không có yêu cầu khôi phục này.")
            }
            Error::RecoveryOpen { recovery } => Self::precondition(OWN, "RECOVERY_OPEN")
                .meta("recovery", recovery)
                .vi("Tài khoản này đang có một yêu cầu khôi phục chờ duyệt."),
            Error::RecoveryOver(state) => Self::precondition(OWN, "RECOVERY_OVER")
                .meta("state", state.as_str())
                .vi("Yêu cầu khôi phục này đã kết thúc, xin lập yêu cầu mới nếu còn cần."),
            Error::RecoveryPair(missing) => Self::precondition(OWN, "RECOVERY_PAIR")
                .meta("needs", missing.as_str())
                .vi("Cần đúng hai người để khôi phục tài khoản này, xin mời người khác duyệt."),
            Error::AuthorityUnknown => {
                Self::not_found(OWN, "AUTHORITY_UNKNOWN").vi("Không có cơ quan quản lí này.")
            }
            Error::AuthorityExists => {
                Self::precondition(OWN, "AUTHORITY_EXISTS").vi("Mã cơ quan quản lí này đã có.")
            }
            Error::SchoolUnknown => Self::not_found(SHARED, "SCHOOL_UNKNOWN").vi("Không có trường này."),
            Error::SchoolExists => Self::precondition(OWN, "SCHOOL_EXISTS").vi("Mã trường này đã có."),
            Error::AccountUnknown => Self::not_found(OWN, "ACCOUNT_UNKNOWN").vi("Không có tài khoản này."),
            Error::EmailTaken => {
                Self::precondition(OWN, "EMAIL_TAKEN").vi("Thư điện tử này đã có tài khoản.")
            }
            Error::AccountState(state) => Self::precondition(OWN, "ACCOUNT_STATE")
                .meta("state", state.as_str())
                .vi("Trạng thái tài khoản không cho phép việc này."),
            Error::RoleNotGrantable(role) => Self::denied(OWN, "ROLE_NOT_GRANTABLE")
                .meta("role", role)
                .vi("Bạn không có quyền trao hoặc thu vai trò này."),
            Error::RoleBindingExists { binding } => Self::precondition(OWN, "ROLE_BINDING_EXISTS")
                .meta("binding", binding)
                .vi("Tài khoản đã có vai trò này trong thời gian đó."),
            Error::RoleBindingUnknown => {
                Self::not_found(OWN, "ROLE_BINDING_UNKNOWN").vi("Không có vai trò đã trao này.")
            }
            Error::DecisionRequired => Self::precondition(OWN, "DECISION_REQUIRED")
                .vi("Vai trò này theo quyết định thành lập Tổ công tác, xin lập hoặc sửa Tổ công tác."),
            Error::RoleNotInForce(role) => Self::denied(OWN, "ROLE_NOT_IN_FORCE")
                .meta("role", role)
                .vi("Hiện bạn không giữ vai trò này."),
            Error::DelegationUnknown => {
                Self::not_found(OWN, "DELEGATION_UNKNOWN").vi("Không có ủy quyền này.")
            }
            Error::DelegatorNotPrincipal => Self::denied(OWN, "DELEGATOR_NOT_PRINCIPAL")
                .vi("Chỉ chính Hiệu trưởng mới được ủy quyền, người được ủy quyền thì không."),
            Error::DelegateNotVicePrincipal => Self::precondition(OWN, "DELEGATE_NOT_VICE_PRINCIPAL")
                .vi("Chỉ ủy quyền được cho Phó hiệu trưởng của trường."),
            Error::DelegationOverlaps => {
                Self::precondition(OWN, "DELEGATION_OVERLAPS").vi("Trong thời gian đó đã có ủy quyền khác.")
            }
            Error::NetworkExists => Self::precondition(OWN, "NETWORK_EXISTS").vi("Mạng này đã đăng kí."),
            Error::PurposeUnknown => Self::invalid(OWN, "PURPOSE_UNKNOWN").vi("Không có việc này."),
            Error::OwnAccount => Self::precondition(OWN, "OWN_ACCOUNT")
                .vi("Không ai được tự làm việc này cho tài khoản của mình."),
            Error::WorkingGroupUnknown => {
                Self::not_found(OWN, "WORKING_GROUP_UNKNOWN").vi("Không có Tổ công tác này.")
            }
            Error::WorkingGroupEnded => Self::precondition(OWN, "WORKING_GROUP_ENDED")
                .vi("Tổ công tác này đã kết thúc, xin lập Tổ công tác mới."),
            Error::MemberUnknown { account } => Self::not_found(OWN, "MEMBER_UNKNOWN")
                .meta("account", format!("accounts/{account}"))
                .vi("Có thành viên không phải tài khoản của trường, xin chọn lại."),
            Error::GroupUnknown => Self::not_found(OWN, "GROUP_UNKNOWN").vi("Không có tổ, nhóm này."),
            Error::GroupClosed => {
                Self::precondition(OWN, "GROUP_CLOSED").vi("Tổ, nhóm này đã giải thể, xin lập tổ, nhóm mới.")
            }
            Error::GroupExists => Self::precondition(OWN, "GROUP_EXISTS")
                .vi("Đã có tổ, nhóm cùng loại mang tên này, xin đặt tên khác."),
            Error::IncidentUnknown => Self::not_found(OWN, "INCIDENT_UNKNOWN").vi("Không có sự cố này."),
            Error::IncidentState(state) => Self::precondition(OWN, "INCIDENT_STATE")
                .meta("state", state.as_str())
                .vi("Sự cố đang ở bước khác, xin tải lại: tiếp nhận trước, xử lí và kết thúc sau."),
            Error::ReportsThrottled { wait } => Self::exhausted(OWN, "REPORTS_THROTTLED")
                .retry_after(wait.unsigned_abs())
                .vi("Đã nhận nhiều báo cáo từ nơi này, xin chờ rồi gửi tiếp."),
            Error::EtagMismatch => {
                Self::aborted(SHARED, "ETAG_MISMATCH").vi("Dữ liệu đã được người khác sửa, xin tải lại.")
            }
            Error::IntegratorUnknown => {
                Self::not_found(OWN, "INTEGRATOR_UNKNOWN").vi("Không có hệ thống tích hợp này.")
            }
            Error::ClientAssertionRefused(what) => Self::unauthenticated(OWN, "CLIENT_ASSERTION_REFUSED")
                .meta("what", what)
                .vi("Chữ kí hoặc nội dung xác nhận của hệ thống không được chấp nhận."),
            Error::ClientAssertionReplayed => Self::unauthenticated(OWN, "CLIENT_ASSERTION_REPLAYED")
                .vi("Xác nhận này đã dùng rồi, xin kí xác nhận mới."),
            Error::GrantNotInForce => Self::denied(OWN, "GRANT_NOT_IN_FORCE").vi(
                "Quyền đọc của hệ thống chưa bắt đầu, đã hết hạn hoặc đã bị thu hồi; xin liên hệ nhà trường.",
            ),
            Error::GrantTooLong => Self::invalid(OWN, "GRANT_TOO_LONG")
                .violation("integrator.end_date", "must be 0 to 366 days after the first day")
                .vi("Quyền đọc kéo dài nhiều nhất 366 ngày kể từ ngày đầu."),
            Error::Busy => Self::away("hashing"),
            Error::Hashing => Self::internal("hashing failed"),
            Error::Damaged(what) => Self::internal(format!("the database holds what it must not: {what}")),
            Error::Vault(inside) => Self::internal(inside),
            Error::Token(inside) => Self::internal(inside),
            Error::Database(inside) => inside.into(),
            Error::Shared(failure) => *failure,
        }
    }
}
