//! Terms as rows: `term` holds the highest epoch, `installation` what each epoch went into, `scope` the
//! scopes. What stands is the highest acknowledged installation, the intent the one that still waits.

use std::collections::BTreeSet;

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use crate::model::{
    name::{Database, TermName},
    scope::{Fate, Scope},
    term::{Cause, Intent, Mode, Standing, Term},
};

/// How a term is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To show it.
    Show,
    /// To change it: nobody else does until the transaction ends.
    Change,
}

/// Loads a term; one that has no row was never locked.
pub async fn load(conn: &mut PgConnection, name: &TermName, access: Access) -> sqlx::Result<Term> {
    let (school, key) = (name.school(), name.key());
    if access == Access::Change {
        sqlx::query!(
            "insert into term (school_id, term) values ($1, $2) on conflict do nothing",
            school,
            key
        )
        .execute(&mut *conn)
        .await?;
        sqlx::query!(
            "select 1 as one from term where school_id = $1 and term = $2 for update",
            school,
            key
        )
        .fetch_one(&mut *conn)
        .await?;
    }
    let mut term = Term::open(name.guards());
    let last = sqlx::query_scalar!(
        "select last_epoch from term where school_id = $1 and term = $2",
        school,
        key
    );
    term.last_epoch = last.fetch_optional(&mut *conn).await?.unwrap_or(0);
    let rows = sqlx::query_as!(
        Installation,
        r#"select epoch, mode, window_end, lock_order, decided_at, cause, cause_dossier, cause_digest, waiting,
                  sealed_sessions, acknowledged_at is not null as "acknowledged!"
           from installation i
           where school_id = $1 and term = $2
             and (cardinality(waiting) > 0 or epoch = (
                 select max(epoch) from installation
                 where school_id = $1 and term = $2 and acknowledged_at is not null))
           order by epoch"#,
        school,
        key,
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in rows {
        if row.acknowledged {
            term.standing = Some(row.standing()?);
        }
        if !row.waiting.is_empty() {
            term.intent = Some(row.intent()?);
        }
    }
    let scopes = sqlx::query!(
        "select open_epoch, dossier, cells_digest, end_at, fate from scope where school_id = $1 and term = $2",
        school,
        key,
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in scopes {
        let fate = fate_of(&row.fate)?;
        let scope = Scope {
            dossier: row.dossier,
            cells_digest: row.cells_digest,
            open_epoch: row.open_epoch,
            end_at: row.end_at,
            fate,
        };
        term.scopes.insert(row.open_epoch, scope);
    }
    Ok(term)
}

/// Saves a term that was loaded for change in the same transaction.
pub async fn save(
    conn: &mut PgConnection,
    name: &TermName,
    term: &Term,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let (school, key) = (name.school(), name.key());
    sqlx::query!(
        "update term set last_epoch = $3 where school_id = $1 and term = $2 and last_epoch <> $3",
        school,
        key,
        term.last_epoch,
    )
    .execute(&mut *conn)
    .await?;
    // An intent that was overtaken waits for nobody any more.
    let pending = term.intent.as_ref().map(|intent| intent.target.epoch);
    sqlx::query!(
        "update installation set waiting = '{}'
         where school_id = $1 and term = $2 and cardinality(waiting) > 0 and epoch is distinct from $3",
        school,
        key,
        pending,
    )
    .execute(&mut *conn)
    .await?;
    if let Some(intent) = &term.intent {
        put_intent(conn, name, intent).await?;
    }
    if let Some(standing) = &term.standing {
        sqlx::query!(
            "update installation set sealed_sessions = $4, acknowledged_at = coalesce(acknowledged_at, $5)
             where school_id = $1 and term = $2 and epoch = $3",
            school,
            key,
            standing.epoch,
            i32::try_from(standing.sealed_sessions).unwrap_or(i32::MAX),
            now,
        )
        .execute(&mut *conn)
        .await?;
    }
    for scope in term.scopes.values() {
        sqlx::query!(
            "insert into scope (school_id, term, open_epoch, dossier, cells_digest, end_at, fate)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (school_id, term, open_epoch) do update set fate = excluded.fate
             where scope.fate <> excluded.fate",
            school,
            key,
            scope.open_epoch,
            scope.dossier,
            scope.cells_digest,
            scope.end_at,
            fate_str(scope.fate),
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// The terms of all schools; with `due`, those with an intent to resume or a window that has ended.
pub async fn list(pool: &PgPool, now: OffsetDateTime, due: bool) -> sqlx::Result<Vec<TermName>> {
    let rows = sqlx::query!(
        r#"select out_school as "school!", out_term as "term!" from term_list($1, $2)"#,
        now,
        due
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| TermName::of_key(&row.school, &row.term).ok_or_else(|| strange("term")))
        .collect()
}

async fn put_intent(conn: &mut PgConnection, name: &TermName, intent: &Intent) -> sqlx::Result<()> {
    let target = &intent.target;
    let (mode, window_end) = match target.mode {
        Mode::Closed => ("closed", None),
        Mode::Window(end) => ("window", Some(end)),
    };
    let (cause, dossier, digest) = match &intent.cause {
        Cause::Close { .. } => ("close", None, None),
        Cause::OpenWindow { .. } => ("open_window", None, None),
        Cause::OpenScope {
            dossier,
            cells_digest,
        } => ("open_scope", Some(dossier), Some(cells_digest)),
        Cause::WindowEnded => ("window_ended", None, None),
        Cause::Recovery => ("recovery", None, None),
    };
    let waiting: Vec<String> = intent
        .waiting
        .iter()
        .map(|guard| guard.as_str().to_owned())
        .collect();
    sqlx::query!(
        "insert into installation (school_id, term, epoch, mode, window_end, lock_order, decided_at, cause,
             cause_dossier, cause_digest, waiting, sealed_sessions)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict (school_id, term, epoch) do update
         set waiting = excluded.waiting, sealed_sessions = excluded.sealed_sessions, cause = excluded.cause,
             cause_dossier = excluded.cause_dossier, cause_digest = excluded.cause_digest",
        name.school(),
        name.key(),
        target.epoch,
        mode,
        window_end,
        target.lock_order,
        target.changed_at,
        cause,
        dossier,
        digest,
        &waiting,
        i32::try_from(target.sealed_sessions).unwrap_or(i32::MAX),
    )
    .execute(conn)
    .await?;
    Ok(())
}

struct Installation {
    epoch: i64,
    mode: String,
    window_end: Option<OffsetDateTime>,
    lock_order: String,
    decided_at: OffsetDateTime,
    cause: String,
    cause_dossier: Option<String>,
    cause_digest: Option<String>,
    waiting: Vec<String>,
    sealed_sessions: i32,
    acknowledged: bool,
}

impl Installation {
    fn standing(&self) -> sqlx::Result<Standing> {
        let mode = match (self.mode.as_str(), self.window_end) {
            ("closed", None) => Mode::Closed,
            ("window", Some(end)) => Mode::Window(end),
            (_, _) => return Err(strange("mode")),
        };
        Ok(Standing {
            epoch: self.epoch,
            mode,
            lock_order: self.lock_order.clone(),
            changed_at: self.decided_at,
            sealed_sessions: u32::try_from(self.sealed_sessions).unwrap_or(0),
        })
    }

    fn intent(&self) -> sqlx::Result<Intent> {
        let target = self.standing()?;
        let lock_order = self.lock_order.clone();
        let cause = match (
            self.cause.as_str(),
            &target.mode,
            &self.cause_dossier,
            &self.cause_digest,
        ) {
            ("close", _, _, _) => Cause::Close { lock_order },
            ("open_window", Mode::Window(end_at), _, _) => Cause::OpenWindow {
                lock_order,
                end_at: *end_at,
            },
            ("open_scope", _, Some(dossier), Some(digest)) => Cause::OpenScope {
                dossier: dossier.clone(),
                cells_digest: digest.clone(),
            },
            ("window_ended", _, _, _) => Cause::WindowEnded,
            ("recovery", _, _, _) => Cause::Recovery,
            (_, _, _, _) => return Err(strange("cause")),
        };
        let waiting: Option<BTreeSet<Database>> =
            self.waiting.iter().map(|guard| Database::parse(guard)).collect();
        Ok(Intent {
            target,
            cause,
            waiting: waiting.ok_or_else(|| strange("waiting"))?,
        })
    }
}

fn fate_str(fate: Fate) -> &'static str {
    match fate {
        Fate::Open => "open",
        Fate::Used => "used",
        Fate::Void => "void",
    }
}

fn fate_of(text: &str) -> sqlx::Result<Fate> {
    [Fate::Open, Fate::Used, Fate::Void]
        .into_iter()
        .find(|fate| fate_str(*fate) == text)
        .ok_or_else(|| strange("fate"))
}

fn strange(column: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("a term with a strange {column}").into())
}
