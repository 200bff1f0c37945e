//! Rows of `totp_use`: which step was spent on what.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{error::Result, model::home::Home};

/// Spends a step on a use; false when it was spent on it before.
pub async fn spend(
    db: &mut PgConnection,
    home: &Home,
    account: Uuid,
    step: i64,
    code_use: &str,
    now: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into totp_use (school_id, account_id, step, use, used_at) values ($1, $2, $3, $4, $5)
         on conflict on constraint totp_use_pk do nothing",
        home.key(),
        account,
        step,
        code_use,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
