//! Rows of `challenge_use`: which challenges were answered.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{error::Result, model::home::Home};

/// Spends a challenge; false when the account answered it before.
pub async fn spend(
    db: &mut PgConnection,
    home: &Home,
    account: Uuid,
    digest: &[u8],
    now: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into challenge_use (school_id, account_id, digest, used_at) values ($1, $2, $3, $4)
         on conflict on constraint challenge_use_pk do nothing",
        home.key(),
        account,
        digest,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
