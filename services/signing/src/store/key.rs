//! Wrapped keys as rows, and how often somebody tried wrong words.

use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use crate::model::wrapped_key::WrappedKey;

/// Wrong words within an hour.
pub const TRIES: i32 = 10;

/// Keeps a wrapped key.
///
/// # Errors
/// The database's.
pub async fn insert(
    conn: &mut PgConnection,
    school: &str,
    serial: &str,
    key: &WrappedKey,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into wrapped_key (school_id, serial, salt, nonce, wrapped) values ($1, $2, $3, $4, $5)",
        school,
        serial,
        key.salt,
        key.nonce,
        key.wrapped,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes one try before the words are tried, so that tries side by side count too. Answers the key and how many
/// tries are left after this one, or nothing when there is none left this hour.
///
/// # Errors
/// The database's.
pub async fn try_open(
    conn: &mut PgConnection,
    school: &str,
    serial: &str,
    now: OffsetDateTime,
) -> Result<Option<(WrappedKey, i32)>, sqlx::Error> {
    let row = sqlx::query!(
        "update wrapped_key
         set wrong_tries = case when wrong_since < $3 then 1 else wrong_tries + 1 end,
             wrong_since = case when wrong_tries = 0 or wrong_since < $3 then $4 else wrong_since end
         where school_id = $1 and serial = $2 and (wrong_tries < $5 or wrong_since < $3)
         returning salt, nonce, wrapped, wrong_tries",
        school,
        serial,
        now - Duration::HOUR,
        now,
        TRIES,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let key = WrappedKey {
            salt: row.salt,
            nonce: row.nonce,
            wrapped: row.wrapped,
        };
        (key, TRIES - row.wrong_tries)
    }))
}

/// Forgets wrong tries after right words.
///
/// # Errors
/// The database's.
pub async fn opened(conn: &mut PgConnection, school: &str, serial: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update wrapped_key set wrong_tries = 0, wrong_since = null where school_id = $1 and serial = $2",
        school,
        serial,
    )
    .execute(conn)
    .await?;
    Ok(())
}
