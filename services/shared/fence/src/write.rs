//! The writer's side.

use sqlx::PgConnection;

use crate::{Error, Term};

/// Answers the epoch to write under, or [`crate::Refusal::TermLocked`]. The first statement of every
/// guarded transaction: from here on the term stays as it is until the transaction ends. A transaction that is
/// silent for four seconds after this is ended by the database.
///
/// # Errors
/// `TermLocked`, `Isolation` (the transaction is not READ COMMITTED), or the database's failure.
pub async fn check(conn: &mut PgConnection, term: &Term) -> Result<i64, Error> {
    let epoch = sqlx::query_scalar!(
        r#"select fence_check($1, $2) as "epoch!""#,
        term.school(),
        term.key()
    )
    .fetch_one(conn)
    .await?;
    Ok(epoch)
}

/// Uses the scope of a dossier, once, and answers the epoch to write its cells under; the fence moves on in
/// the same transaction. In place of [`check`], never after it: it takes the term's lock alone.
///
/// # Errors
/// `ScopeUnknown`, `ScopeUsed`, `ScopeMismatch`, `ScopeEnded`, `Isolation`, or the database's failure.
pub async fn use_scope(
    conn: &mut PgConnection,
    term: &Term,
    dossier: &str,
    cells_digest: &str,
    open_epoch: i64,
) -> Result<i64, Error> {
    let epoch = sqlx::query_scalar!(
        r#"select fence_use_scope($1, $2, $3, $4, $5) as "epoch!""#,
        term.school(),
        term.key(),
        dossier,
        cells_digest,
        open_epoch,
    )
    .fetch_one(conn)
    .await?;
    Ok(epoch)
}
