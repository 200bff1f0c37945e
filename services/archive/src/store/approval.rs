//! The board's word on classes.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::model::name::ClassName;

/// Records a decision; a repeat changes nothing.
///
/// # Errors
/// The database's.
pub async fn insert(
    conn: &mut PgConnection,
    class: &ClassName,
    review: &str,
    approved: bool,
    decided_at: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into approval (school_id, year_id, class_id, review, approved, decided_at, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        class.school,
        class.year,
        class.class,
        review,
        approved,
        decided_at,
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether the latest decision approves.
///
/// # Errors
/// The database's.
pub async fn stands(conn: &mut PgConnection, class: &ClassName) -> Result<bool, sqlx::Error> {
    let approved = sqlx::query_scalar!(
        "select approved from approval where school_id = $1 and year_id = $2 and class_id = $3
         order by decided_at desc, recorded_at desc limit 1",
        class.school,
        class.year,
        class.class,
    )
    .fetch_optional(conn)
    .await?;
    Ok(approved.unwrap_or(false))
}
