//! The lock's side: replacing a fence.

use std::{future::Future, time::Duration};

use hocba_chassis::{Failure, database};
use sqlx::{PgConnection, PgPool, postgres::types::PgInterval};
use time::OffsetDateTime;

use crate::{Error, Kind, Term};

/// How long an installation waits for the writers in flight.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// What writers may do. A term that was never locked has no fence at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Locked.
    Closed,
    /// Unlocked until this moment of the database's clock.
    Window(OffsetDateTime),
}

/// The permission to write a dossier's cells once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// `schools/{school}/dossiers/{dossier}`.
    pub dossier: String,
    /// SHA-256, lower hex, of the dossier.
    pub cells_digest: String,
    /// The epoch the cells are written under; the fence moves to the next one with them.
    pub open_epoch: i64,
    /// When it becomes void.
    pub end_at: OffsetDateTime,
}

/// A term's whole fence at one epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// Of which term.
    pub term: Term,
    /// The epoch.
    pub epoch: i64,
    /// What writers may do.
    pub state: State,
    /// The open scopes.
    pub scopes: Vec<Scope>,
    /// The lock order behind the state.
    pub lock_order: String,
}

/// What an installation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Installed {
    /// The epoch in force now.
    pub epoch: i64,
    /// Whether this call changed the fence.
    pub changed: bool,
    /// How many entry sessions were sealed on the way.
    pub sealed_sessions: u32,
}

/// What the guarded service seals before its term closes.
#[derive(Debug, Clone, Copy)]
pub struct Closing<'a> {
    /// The term that closes. The transaction holds its fence alone: do not call [`crate::check`].
    pub term: &'a Term,
    /// The epoch that what is sealed now belongs to.
    pub epoch: i64,
    /// The lock order, for receipts and events; empty when a window ended by itself.
    pub lock_order: &'a str,
}

/// A guarded service's part in its fence.
pub trait Guard: Send + Sync + 'static {
    /// Whether this database guards terms of this kind.
    fn guards(&self, kind: Kind) -> bool;

    /// Seals the open entry sessions of the term (cause `lock`) in the installing transaction, and answers
    /// how many. Guarded rows are accepted here under `closing.epoch` although the term may be closed
    /// already. `hocba.school` is set. A failure installs nothing.
    fn seal(
        &self,
        conn: &mut PgConnection,
        closing: Closing<'_>,
    ) -> impl Future<Output = Result<u32, Failure>> + Send;

    /// How many entry sessions are open or resumable in the term.
    fn open_sessions(
        &self,
        conn: &mut PgConnection,
        term: &Term,
    ) -> impl Future<Output = Result<u32, Failure>> + Send;
}

/// Installs a fence if its epoch is higher than the one in force, in one transaction: drains the writers,
/// lets the service seal, replaces the fence. When this has returned, no row of a lower epoch commits.
///
/// # Errors
/// [`Error::Busy`] when writers in flight do not end in time, [`Error::NotGuarded`], [`Error::Guard`], or
/// the database's failure. After any of them nothing has changed, unless the connection broke at the commit:
/// repeating is safe.
pub async fn install<G: Guard>(pool: &PgPool, guard: &G, fence: &Fence) -> Result<Installed, Error> {
    // A writer that holds a row while it waits for the fence, and a guard that wants to seal that row, end
    // in a deadlock; the one of the two that PostgreSQL ends may be us.
    database::retry(|| try_install(pool, guard, fence)).await
}

async fn try_install<G: Guard>(pool: &PgPool, guard: &G, fence: &Fence) -> Result<Installed, Error> {
    let (term, key) = (&fence.term, fence.term.key());
    if !guard.guards(term.kind()) {
        return Err(Error::NotGuarded(term.to_string()));
    }
    let (state, window_end) = match fence.state {
        State::Closed => ("closed", None),
        State::Window(end) => ("window", Some(end)),
    };
    let mut tx = database::begin(pool, term.school()).await?;
    let patience = PgInterval::try_from(PATIENCE).map_err(sqlx::Error::Encode)?;
    let before = sqlx::query!(
        r#"select out_epoch as "epoch!", out_state as "state!", out_proceed as "proceed!"
           from fence_install_begin($1, $2, $3, $4)"#,
        term.school(),
        key,
        fence.epoch,
        patience,
    )
    .fetch_one(&mut *tx)
    .await?;
    if !before.proceed {
        return Ok(Installed {
            epoch: before.epoch,
            changed: false,
            sealed_sessions: 0,
        });
    }
    let closing = Closing {
        term,
        epoch: before.epoch,
        lock_order: &fence.lock_order,
    };
    let sealed_sessions = match (fence.state, before.state.as_str()) {
        // Nothing can be open behind a closed fence.
        (State::Closed, "closed") | (State::Window(_), _) => 0,
        (State::Closed, _) => guard
            .seal(&mut tx, closing)
            .await
            .map_err(|failure| Error::Guard(Box::new(failure)))?,
    };
    let (mut epochs, mut dossiers, mut digests, mut ends) = (vec![], vec![], vec![], vec![]);
    for scope in &fence.scopes {
        epochs.push(scope.open_epoch);
        dossiers.push(scope.dossier.clone());
        digests.push(scope.cells_digest.clone());
        ends.push(scope.end_at);
    }
    sqlx::query!(
        "select fence_install_finish($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        term.school(),
        key,
        fence.epoch,
        state,
        window_end,
        fence.lock_order,
        &epochs,
        &dossiers,
        &digests,
        &ends,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Installed {
        epoch: fence.epoch,
        changed: true,
        sealed_sessions,
    })
}
