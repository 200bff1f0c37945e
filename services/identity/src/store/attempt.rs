//! Rows of `attempt`: failed attempts by keyed digest. No school: none is known yet.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::{error::Result, model::attempt::Attempts};

/// Reads what is known of a key and keeps others waiting until the transaction ends. The row is made
/// first, so that two first attempts meet at it too.
pub async fn lock(db: &mut PgConnection, key: &[u8], now: OffsetDateTime) -> Result<Option<Attempts>> {
    sqlx::query!(
        "insert into attempt (key, failures, updated_at) values ($1, 0, $2) on conflict do nothing",
        key,
        now
    )
    .execute(&mut *db)
    .await?;
    let row = sqlx::query!(
        "select failures, blocked_until, updated_at from attempt where key = $1 for update",
        key
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|r| Attempts {
        failures: u32::try_from(r.failures).unwrap_or(0),
        blocked_until: r.blocked_until,
        updated_at: r.updated_at,
    }))
}

/// Writes what is known of a key.
pub async fn put(db: &mut PgConnection, key: &[u8], attempts: Attempts) -> Result<()> {
    sqlx::query!(
        "update attempt set failures = $2, blocked_until = $3, updated_at = $4 where key = $1",
        key,
        i32::try_from(attempts.failures).unwrap_or(i32::MAX),
        attempts.blocked_until,
        attempts.updated_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets a key: an attempt has succeeded.
pub async fn clear(db: &mut PgConnection, key: &[u8]) -> Result<()> {
    sqlx::query!("delete from attempt where key = $1", key)
        .execute(db)
        .await?;
    Ok(())
}

/// Forgets keys nobody tried since.
pub async fn forget(db: &mut PgConnection, before: OffsetDateTime) -> Result<u64> {
    Ok(sqlx::query!("delete from attempt where updated_at < $1", before)
        .execute(db)
        .await?
        .rows_affected())
}

/// Reads how many attempts failed in a row, of several keys, as far as they are not forgotten.
pub async fn failures(
    db: &mut PgConnection,
    keys: &[Vec<u8>],
    since: OffsetDateTime,
) -> Result<BTreeMap<Vec<u8>, u32>> {
    let rows = sqlx::query!(
        "select key, failures from attempt where key = any($1) and updated_at >= $2",
        keys,
        since
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| (r.key, u32::try_from(r.failures).unwrap_or(0)))
        .collect())
}
