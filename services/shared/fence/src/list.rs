//! Reading fences. Always from the primary: a fence is never read from a replica.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use crate::{Error, Fence, Scope, State, Term};

/// The fences of all schools after the given one, in the order of school and term.
///
/// # Errors
/// The database's failure.
pub async fn list(pool: &PgPool, after: Option<&Term>, limit: u32) -> Result<Vec<Fence>, Error> {
    let (school, key) = after.map_or((String::new(), String::new()), |term| {
        (term.school().to_owned(), term.key())
    });
    let rows = sqlx::query!(
        r#"select out_school as "school!", out_term as "term!", out_epoch as "epoch!", out_state as "state!",
                  out_window_end as window_end, out_lock_order as "lock_order!", out_scopes as "scopes!"
           from fence_list($1, $2, $3)"#,
        school,
        key,
        i32::try_from(limit).unwrap_or(i32::MAX),
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Fence {
                term: Term::of_key(&row.school, &row.term).ok_or_else(|| strange("term"))?,
                epoch: row.epoch,
                state: state_of(&row.state, row.window_end)?,
                scopes: scopes_of(&row.scopes)?,
                lock_order: row.lock_order,
            })
        })
        .collect()
}

/// What stands in this database for a term, as a writer would find it now: its epoch, and whether it is
/// open to writers without a scope. For showing; only [`crate::check`] decides.
///
/// # Errors
/// The database's failure. The transaction must have named the term's school.
pub async fn state(conn: &mut PgConnection, term: &Term) -> Result<(i64, bool), Error> {
    let row = sqlx::query!(
        r#"select epoch, state = 'window' and clock_timestamp() < window_end as "open!"
           from term_fence where school_id = $1 and term = $2"#,
        term.school(),
        term.key(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map_or((0, true), |row| (row.epoch, row.open)))
}

fn state_of(state: &str, window_end: Option<OffsetDateTime>) -> Result<State, Error> {
    match (state, window_end) {
        ("closed", None) => Ok(State::Closed),
        ("window", Some(end)) => Ok(State::Window(end)),
        (_, _) => Err(strange("state")),
    }
}

fn scopes_of(value: &serde_json::Value) -> Result<Vec<Scope>, Error> {
    let text = |scope: &serde_json::Value, field: &str| Some(scope.get(field)?.as_str()?.to_owned());
    let scope = |scope: &serde_json::Value| {
        let end = scope.get("end_at")?.as_f64()?;
        // Microseconds are PostgreSQL's own precision and fit a double until the year 2255.
        #[expect(clippy::cast_possible_truncation, reason = "rounded to whole microseconds")]
        let end = OffsetDateTime::from_unix_timestamp_nanos((end * 1e6).round() as i128 * 1000).ok()?;
        Some(Scope {
            dossier: text(scope, "dossier")?,
            cells_digest: text(scope, "cells_digest")?,
            open_epoch: scope.get("open_epoch")?.as_i64()?,
            end_at: end,
        })
    };
    let list = value.as_array().ok_or_else(|| strange("scopes"))?;
    list.iter()
        .map(|value| scope(value).ok_or_else(|| strange("scopes")))
        .collect()
}

fn strange(column: &str) -> Error {
    Error::Database(sqlx::Error::Decode(
        format!("a fence with a strange {column}").into(),
    ))
}
