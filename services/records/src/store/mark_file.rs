//! Imports of mark sheets.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{error::Error, model::mark_file::Plan};

/// An import as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct MarkSheetImport {
    /// Id.
    pub id: Uuid,
    /// The session it is for.
    pub session: Uuid,
    /// SHA-256 of the file.
    pub file_digest: Vec<u8>,
    /// SHA-256 of what the sheet was when the file was read.
    pub sheet_digest: Vec<u8>,
    /// What it would write.
    pub plan: Plan,
    /// When it was read.
    pub created_at: OffsetDateTime,
    /// When it was written.
    pub committed_at: Option<OffsetDateTime>,
}

/// Inserts a preview.
pub async fn insert(
    tx: &mut PgConnection,
    school: &str,
    import: &MarkSheetImport,
    created_by: Uuid,
) -> Result<(), Error> {
    let plan = serde_json::to_value(&import.plan).map_err(hocba_chassis::Failure::internal)?;
    sqlx::query!(
        "insert into mark_sheet_import (school_id, import_id, session_id, file_digest, sheet_digest, plan, created_by,
            created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        school,
        import.id,
        import.session,
        import.file_digest,
        import.sheet_digest,
        plan,
        created_by,
        import.created_at,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Reads an import of a session and holds it until the transaction ends.
pub async fn get(
    tx: &mut PgConnection,
    school: &str,
    session: Uuid,
    id: Uuid,
) -> Result<MarkSheetImport, Error> {
    let row = sqlx::query!(
        "select file_digest, sheet_digest, plan, created_at, committed_at from mark_sheet_import
         where school_id = $1 and session_id = $2 and import_id = $3 for update",
        school,
        session,
        id,
    )
    .fetch_optional(tx)
    .await?
    .ok_or(Error::ImportUnknown)?;
    Ok(MarkSheetImport {
        id,
        session,
        file_digest: row.file_digest,
        sheet_digest: row.sheet_digest,
        plan: serde_json::from_value(row.plan).map_err(|_| Error::Damaged("a mark sheet import's plan"))?,
        created_at: row.created_at,
        committed_at: row.committed_at,
    })
}

/// Marks it written.
pub async fn commit(tx: &mut PgConnection, school: &str, id: Uuid, now: OffsetDateTime) -> Result<(), Error> {
    sqlx::query!(
        "update mark_sheet_import set committed_at = $3 where school_id = $1 and import_id = $2",
        school,
        id,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}
