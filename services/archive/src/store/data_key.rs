//! Wrapped data keys as rows.

use sqlx::PgConnection;
use time::OffsetDateTime;

/// The wrapped key of an owner.
///
/// # Errors
/// The database's.
pub async fn get(conn: &mut PgConnection, school: &str, owner: &str) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!(
        "select wrapped from data_key where school_id = $1 and owner = $2",
        school,
        owner
    )
    .fetch_optional(conn)
    .await
}

/// Keeps a new key, unless another transaction was faster: then its key is the owner's. Waits for that one's end.
///
/// # Errors
/// The database's.
pub async fn put(
    conn: &mut PgConnection,
    school: &str,
    owner: &str,
    wrapped: &[u8],
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into data_key (school_id, owner, wrapped, made_at) values ($1, $2, $3, $4) on conflict do nothing",
        school,
        owner,
        wrapped,
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
