//! Imports.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Error;

/// An import as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct PupilImport {
    /// Id.
    pub id: Uuid,
    /// Year.
    pub year: String,
    /// SHA-256 of the file.
    pub file_digest: Vec<u8>,
    /// SHA-256 of the roster when the file was read.
    pub roster_digest: Vec<u8>,
    /// The plan, sealed.
    pub plan: Vec<u8>,
    /// Pupil rows.
    pub row_count: i32,
    /// New ones.
    pub create_count: i32,
    /// Changed ones.
    pub change_count: i32,
    /// Unchanged ones.
    pub unchanged_count: i32,
    /// When it was read.
    pub created_at: OffsetDateTime,
    /// When it was written.
    pub committed_at: Option<OffsetDateTime>,
}

/// Inserts a preview.
pub async fn insert(
    tx: &mut PgConnection,
    school: &str,
    import: &PupilImport,
    created_by: Uuid,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into pupil_import (school_id, import_id, year_id, file_digest, roster_digest, plan, row_count,
            create_count, change_count, unchanged_count, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        school,
        import.id,
        import.year,
        import.file_digest,
        import.roster_digest,
        import.plan,
        import.row_count,
        import.create_count,
        import.change_count,
        import.unchanged_count,
        created_by,
        import.created_at,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Reads an import and holds it until the transaction ends.
pub async fn get(tx: &mut PgConnection, school: &str, year: &str, id: Uuid) -> Result<PupilImport, Error> {
    sqlx::query_as!(
        PupilImport,
        "select import_id as id, year_id as year, file_digest, roster_digest, plan, row_count, create_count,
            change_count, unchanged_count, created_at, committed_at
         from pupil_import where school_id = $1 and year_id = $2 and import_id = $3 for update",
        school,
        year,
        id,
    )
    .fetch_optional(tx)
    .await?
    .ok_or(Error::ImportUnknown)
}

/// Marks it written.
pub async fn commit(tx: &mut PgConnection, school: &str, id: Uuid, now: OffsetDateTime) -> Result<(), Error> {
    sqlx::query!(
        "update pupil_import set committed_at = $3 where school_id = $1 and import_id = $2",
        school,
        id,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}
