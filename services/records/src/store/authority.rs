//! Which authority a school belongs to, as identity says.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use crate::error::Error;

/// The schools of an authority: ids only.
pub async fn schools(pool: &PgPool, authority: &str) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar!(
        r#"select out_school as "school!" from schools_of_authority($1)"#,
        authority
    )
    .fetch_all(pool)
    .await?)
}

/// Schools that were not asked for since an instant, over all schools: ids only.
pub async fn to_ask_for(pool: &PgPool, before: OffsetDateTime) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar!(
        r#"select out_school as "school!" from schools_to_ask_for($1)"#,
        before
    )
    .fetch_all(pool)
    .await?)
}

/// Keeps what identity said.
pub async fn put(
    tx: &mut PgConnection,
    school: &str,
    authority: &str,
    now: OffsetDateTime,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into school_authority (school_id, authority_id, asked_at) values ($1, $2, $3)
         on conflict on constraint school_authority_pk
         do update set authority_id = excluded.authority_id, asked_at = excluded.asked_at",
        school,
        authority,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}
