//! Act tokens: one person's fresh second factor for one purpose over one digest, single use.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    caller::Role,
    database,
    error::{Failure, SHARED},
    token::ActClaims,
};

/// A verified act token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActToken {
    /// Its id: stored in the effect's transaction, never accepted again.
    pub id: Uuid,
    /// Who acts.
    pub account: Uuid,
    /// By which sign-in.
    pub sign_in: Uuid,
    /// At which school.
    pub school: Option<String>,
    /// In which role.
    pub role: Role,
    /// By which delegation, when the role is another's.
    pub delegation: Option<String>,
    /// What for.
    pub purpose: String,
    /// Over what: SHA-256, lower hex.
    pub digest: String,
    /// Whether on the school's premises.
    pub premises: bool,
    /// Given at, Unix seconds.
    pub issued_at: i64,
    /// Ends at, Unix seconds.
    pub expires_at: i64,
}

impl ActToken {
    /// The token of these claims; `None` when an id or the role is not one of ours.
    #[must_use]
    pub fn of(claims: &ActClaims) -> Option<Self> {
        Some(Self {
            id: claims.jti.parse().ok()?,
            account: claims.sub.parse().ok()?,
            sign_in: claims.sid.parse().ok()?,
            school: claims.school.clone(),
            role: Role::parse(&claims.role)?,
            delegation: claims.delegation.clone(),
            purpose: claims.purpose.clone(),
            digest: claims.digest.clone(),
            premises: claims.premises,
            issued_at: claims.iat,
            expires_at: claims.exp,
        })
    }
}

/// Stores the token's id in the effect's transaction. Fails with ACT_TOKEN_USED when it is there already.
pub async fn spend(tx: &mut PgConnection, token: &ActToken, now: OffsetDateTime) -> Result<(), Failure> {
    let spent = sqlx::query!(
        "insert into act_token_use (id, account_id, purpose, used_at) values ($1, $2, $3, $4)",
        token.id,
        token.account,
        token.purpose,
        now,
    )
    .execute(tx)
    .await;
    match spent {
        Ok(_) => Ok(()),
        Err(error) if database::constraint(&error) == Some("act_token_use_pkey") => {
            Err(Failure::precondition(SHARED, "ACT_TOKEN_USED")
                .vi("Mã xác nhận đã dùng rồi, xin xác nhận lại."))
        }
        Err(error) => Err(error.into()),
    }
}

/// The refusal of a token that is not ours, damaged, or another person's.
#[must_use]
pub fn invalid() -> Failure {
    Failure::precondition(SHARED, "ACT_TOKEN_INVALID").vi("Mã xác nhận không hợp lệ, xin xác nhận lại.")
}
