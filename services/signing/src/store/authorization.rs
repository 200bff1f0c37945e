//! Authorizations as rows.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// An authorization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its id.
    pub id: Uuid,
    /// The holder, or the seal's keeper.
    pub account_id: Uuid,
    /// `personal`, `seal`.
    pub kind: String,
    /// Who authorized.
    pub authorized_by: Uuid,
    /// By which delegation.
    pub delegation: Option<String>,
    /// When.
    pub authorized_at: OffsetDateTime,
    /// The certificate it made.
    pub serial: Option<String>,
}

/// Writes a new one.
///
/// # Errors
/// The database's.
pub async fn insert(conn: &mut PgConnection, school: &str, row: &Row) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into certificate_authorization
             (school_id, id, account_id, kind, authorized_by, delegation, authorized_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        school,
        row.id,
        row.account_id,
        row.kind,
        row.authorized_by,
        row.delegation,
        row.authorized_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One authorization, locked until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn get(conn: &mut PgConnection, school: &str, id: Uuid) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select id, account_id, kind, authorized_by, delegation, authorized_at, serial
         from certificate_authorization where school_id = $1 and id = $2 for update",
        school,
        id,
    )
    .fetch_optional(conn)
    .await
}

/// Notes the certificate it made.
///
/// # Errors
/// The database's.
pub async fn used(conn: &mut PgConnection, school: &str, id: Uuid, serial: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update certificate_authorization set serial = $3 where school_id = $1 and id = $2",
        school,
        id,
        serial,
    )
    .execute(conn)
    .await?;
    Ok(())
}
