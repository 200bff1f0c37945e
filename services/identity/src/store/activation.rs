//! Rows of `activation_code`: the one code an account has.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::Result,
    model::{activation::Activation, home::Home},
};

/// Gives an account a code; one it had before stops.
pub async fn put(
    db: &mut PgConnection,
    home: &Home,
    account: Uuid,
    digest: &[u8],
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "insert into activation_code (school_id, account_id, digest, created_at, expires_at)
         values ($1, $2, $3, $4, $5)
         on conflict on constraint activation_code_pk
         do update set digest = excluded.digest, created_at = excluded.created_at,
                       expires_at = excluded.expires_at, used_at = null",
        home.key(),
        account,
        digest,
        now,
        expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Reads an account's code and keeps others from using it until the transaction ends.
pub async fn lock(db: &mut PgConnection, home: &Home, account: Uuid) -> Result<Option<Activation>> {
    let row = sqlx::query_as!(
        Activation,
        "select digest, expires_at, used_at from activation_code
          where school_id = $1 and account_id = $2 for update",
        home.key(),
        account
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}

/// Uses it up.
pub async fn spend(db: &mut PgConnection, home: &Home, account: Uuid, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update activation_code set used_at = $3 where school_id = $1 and account_id = $2",
        home.key(),
        account,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}
