//! What signing can fail with, and the one mapping to reasons.

use std::time::Duration;

use hocba_chassis::{Failure, error::PeerFailure};
use tonic::Status;
use uuid::Uuid;

/// The domain of `hocba.signing.v1.ErrorReason`.
const DOMAIN: &str = "signing.hocba";

/// A failure of an RPC of signing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such authorization.
    #[error("no such authorization")]
    AuthorizationUnknown,
    /// It made its certificate.
    #[error("the authorization is used")]
    AuthorizationUsed,
    /// Another account's, or for another kind.
    #[error("the authorization is another's")]
    AuthorizationOther,
    /// No such account here.
    #[error("no such account")]
    AccountUnknown(Uuid),
    /// No such certificate.
    #[error("no such certificate")]
    CertificateUnknown,
    /// One is in force.
    #[error("a certificate is in force")]
    CertificateExists,
    /// None is in force.
    #[error("no certificate is in force")]
    CertificateMissing,
    /// Revoked already.
    #[error("the certificate is revoked")]
    CertificateRevoked,
    /// Not the words.
    #[error("the passphrase is wrong")]
    PassphraseWrong {
        /// Tries left within the hour.
        left: i32,
    },
    /// Too many wrong words.
    #[error("too many tries")]
    TooManyTries,
    /// No such ceremony.
    #[error("no such ceremony")]
    CeremonyUnknown,
    /// Nothing waits.
    #[error("nothing to sign")]
    NothingToSign,
    /// Everything is done.
    #[error("the ceremony is finished")]
    CeremonyFinished,
    /// The seal stays at the school.
    #[error("not on the premises")]
    NotOnPremises,
    /// A peer refused; its status goes on unchanged.
    #[error("a peer refused")]
    Peer(Box<Status>),
    /// The chassis, the policy or the database says no.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Failure(error.into())
    }
}

impl From<PeerFailure> for Error {
    fn from(failure: PeerFailure) -> Self {
        match failure {
            PeerFailure::Refused(status) => Self::Peer(status),
            PeerFailure::Own(own) => Self::Failure(*own),
        }
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        match error {
            Error::Peer(status) => *status,
            Error::Failure(failure) => failure.into(),
            Error::AuthorizationUnknown => Failure::not_found(DOMAIN, "AUTHORIZATION_UNKNOWN")
                .vi("Không có quyết định cấp chứng thư này.")
                .into(),
            Error::AuthorizationUsed => Failure::precondition(DOMAIN, "AUTHORIZATION_USED")
                .vi("Quyết định này đã được dùng để cấp một chứng thư.")
                .into(),
            Error::AuthorizationOther => Failure::denied(DOMAIN, "AUTHORIZATION_OTHER")
                .vi("Quyết định này cấp cho người khác hoặc cho loại khoá khác.")
                .into(),
            Error::AccountUnknown(account) => Failure::not_found(DOMAIN, "ACCOUNT_UNKNOWN")
                .meta("account", format!("accounts/{account}"))
                .vi("Trường không có tài khoản này hoặc tài khoản chưa dùng được.")
                .into(),
            Error::CertificateUnknown => Failure::not_found(DOMAIN, "CERTIFICATE_UNKNOWN")
                .vi("Không có chứng thư này.")
                .into(),
            Error::CertificateExists => Failure::precondition(DOMAIN, "CERTIFICATE_EXISTS")
                .vi("Đang có chứng thư còn hiệu lực; hãy thu hồi trước khi cấp mới.")
                .into(),
            Error::CertificateMissing => Failure::precondition(DOMAIN, "CERTIFICATE_MISSING")
                .vi("Thầy cô chưa có chứng thư còn hiệu lực cho chữ kí này.")
                .into(),
            Error::CertificateRevoked => Failure::precondition(DOMAIN, "CERTIFICATE_REVOKED")
                .vi("Chứng thư đã bị thu hồi.")
                .into(),
            Error::PassphraseWrong { left } => Failure::invalid(DOMAIN, "PASSPHRASE_WRONG")
                .meta("tries_left", left)
                .violation("passphrase", "không mở được khoá")
                .vi(format!("Cụm sáu từ chưa đúng, còn {left} lần thử trong giờ này."))
                .into(),
            Error::TooManyTries => Failure::exhausted(DOMAIN, "TOO_MANY_TRIES")
                .retry_after(Duration::from_secs(3600))
                .vi("Đã nhập sai quá nhiều lần, xin thử lại sau một giờ.")
                .into(),
            Error::CeremonyUnknown => Failure::not_found(DOMAIN, "CEREMONY_UNKNOWN")
                .vi("Không có lượt kí này.")
                .into(),
            Error::NothingToSign => Failure::precondition(DOMAIN, "NOTHING_TO_SIGN")
                .vi("Không có học bạ nào đang chờ thầy cô kí ở đây.")
                .into(),
            Error::CeremonyFinished => Failure::precondition(DOMAIN, "CEREMONY_FINISHED")
                .vi("Lượt kí này đã xong.")
                .into(),
            Error::NotOnPremises => Failure::denied(DOMAIN, "NOT_ON_PREMISES")
                .vi("Con dấu chỉ được dùng tại trường.")
                .into(),
        }
    }
}
