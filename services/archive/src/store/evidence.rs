//! Evidence files as rows.

use sqlx::PgConnection;

use crate::model::evidence::Evidence;

/// Keeps a file's row; answers whether it is new.
///
/// # Errors
/// The database's.
pub async fn insert(conn: &mut PgConnection, school: &str, file: &Evidence) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into evidence (school_id, sha256, object, media_type, size_bytes, uploader, created_at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        school,
        file.sha256,
        file.object,
        file.media_type,
        file.size_bytes,
        file.uploader,
        file.created_at,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Files of these digests.
///
/// # Errors
/// The database's.
pub async fn list(
    conn: &mut PgConnection,
    school: &str,
    digests: &[String],
) -> Result<Vec<Evidence>, sqlx::Error> {
    sqlx::query_as!(
        Evidence,
        "select sha256, object, media_type, size_bytes, uploader, created_at from evidence
         where school_id = $1 and sha256 = any($2)",
        school,
        digests,
    )
    .fetch_all(conn)
    .await
}

/// The digests of all files of a school.
///
/// # Errors
/// The database's.
pub async fn digests(conn: &mut PgConnection, school: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "select sha256 from evidence where school_id = $1 order by sha256",
        school
    )
    .fetch_all(conn)
    .await
}
