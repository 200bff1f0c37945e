//! Certificates as rows.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Serial number, lower hex.
    pub serial: String,
    /// `personal`, `seal`.
    pub kind: String,
    /// The holder, or the seal's keeper.
    pub account_id: Uuid,
    /// The title inside.
    pub title: String,
    /// DER.
    pub der: Vec<u8>,
    /// From when.
    pub starts_at: OffsetDateTime,
    /// Until when.
    pub ends_at: OffsetDateTime,
    /// What made it.
    pub authorization_id: Uuid,
    /// When it was revoked.
    pub revoked_at: Option<OffsetDateTime>,
}

/// Writes a new one.
///
/// # Errors
/// The database's; `certificate_in_force` when one of the kind is in force.
pub async fn insert(conn: &mut PgConnection, school: &str, row: &Row) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into certificate
             (school_id, serial, kind, account_id, title, der, starts_at, ends_at, authorization_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        school,
        row.serial,
        row.kind,
        row.account_id,
        row.title,
        row.der,
        row.starts_at,
        row.ends_at,
        row.authorization_id,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One certificate.
///
/// # Errors
/// The database's.
pub async fn get(conn: &mut PgConnection, school: &str, serial: &str) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select serial, kind, account_id, title, der, starts_at, ends_at, authorization_id, revoked_at
         from certificate where school_id = $1 and serial = $2",
        school,
        serial,
    )
    .fetch_optional(conn)
    .await
}

/// The one of an account and kind that is in force.
///
/// # Errors
/// The database's.
pub async fn in_force(
    conn: &mut PgConnection,
    school: &str,
    account: Uuid,
    kind: &str,
    now: OffsetDateTime,
) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select serial, kind, account_id, title, der, starts_at, ends_at, authorization_id, revoked_at
         from certificate
         where school_id = $1 and account_id = $2 and kind = $3 and revoked_at is null
           and starts_at <= $4 and $4 < ends_at",
        school,
        account,
        kind,
        now,
    )
    .fetch_optional(conn)
    .await
}

/// A page, newest first: serials grow with time.
///
/// # Errors
/// The database's.
pub async fn page(
    conn: &mut PgConnection,
    school: &str,
    before: &str,
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select serial, kind, account_id, title, der, starts_at, ends_at, authorization_id, revoked_at
         from certificate where school_id = $1 and ($2 = '' or serial < $2) order by serial desc limit $3",
        school,
        before,
        limit,
    )
    .fetch_all(conn)
    .await
}

/// Ends a certificate's force; answers whether it was in force.
///
/// # Errors
/// The database's.
pub async fn revoke(
    conn: &mut PgConnection,
    school: &str,
    serial: &str,
    (by, at, reason): (Uuid, OffsetDateTime, &str),
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update certificate set revoked_at = $3, revoked_by = $4, revoke_reason = $5
         where school_id = $1 and serial = $2 and revoked_at is null",
        school,
        serial,
        at,
        by,
        reason,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
