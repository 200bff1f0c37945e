//! Orders as rows. What was ordered never changes; the steps do.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{error::Error, model::lock_order::LockOrder};

/// Writes a new order.
///
/// # Errors
/// NUMBER_TAKEN.
pub async fn insert(tx: &mut PgConnection, school: &str, order: &LockOrder) -> Result<(), Error> {
    let done = sqlx::query!(
        "insert into lock_order (school_id, order_id, year_id, kind, semester, end_at, number, reason, state,
            proposed_by, proposed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        school,
        order.id,
        order.year,
        order.kind,
        order.semester,
        order.end_at,
        order.number,
        order.reason,
        order.state,
        order.proposed_by,
        order.proposed_at,
    )
    .execute(tx)
    .await;
    match done {
        Err(error) if hocba_chassis::database::constraint(&error) == Some("lock_order_number") => {
            Err(Error::NumberTaken)
        }
        other => Ok(other.map(drop)?),
    }
}

/// One order, locked until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn get(tx: &mut PgConnection, school: &str, id: Uuid) -> Result<Option<LockOrder>, Error> {
    Ok(sqlx::query_as!(
        LockOrder,
        "select order_id as id, year_id as year, kind, semester, end_at, number, reason, state, proposed_by,
            proposed_at, decided_by, decided_at, decided_delegation, refusal, executed_by, executed_at,
            executed_delegation, epoch, sealed_sessions, failure, next_attempt_at
         from lock_order where school_id = $1 and order_id = $2 for update",
        school,
        id,
    )
    .fetch_optional(tx)
    .await?)
}

/// A page, newest first; of one state when given.
///
/// # Errors
/// The database's.
pub async fn page(
    tx: &mut PgConnection,
    school: &str,
    (before, state): (Option<Uuid>, Option<&str>),
    limit: i64,
) -> Result<Vec<LockOrder>, Error> {
    Ok(sqlx::query_as!(
        LockOrder,
        "select order_id as id, year_id as year, kind, semester, end_at, number, reason, state, proposed_by,
            proposed_at, decided_by, decided_at, decided_delegation, refusal, executed_by, executed_at,
            executed_delegation, epoch, sealed_sessions, failure, next_attempt_at
         from lock_order
         where school_id = $1 and ($2::uuid is null or order_id < $2) and ($3::text is null or state = $3)
         order by order_id desc limit $4",
        school,
        before,
        state,
        limit,
    )
    .fetch_all(tx)
    .await?)
}

/// Writes where an order stands.
///
/// # Errors
/// The database's.
pub async fn step(tx: &mut PgConnection, school: &str, order: &LockOrder) -> Result<(), Error> {
    sqlx::query!(
        "update lock_order set state = $3, decided_by = $4, decided_at = $5, decided_delegation = $6, refusal = $7,
            executed_by = $8, executed_at = $9, executed_delegation = $10, epoch = $11, sealed_sessions = $12,
            failure = $13, next_attempt_at = $14
         where school_id = $1 and order_id = $2",
        school,
        order.id,
        order.state,
        order.decided_by,
        order.decided_at,
        order.decided_delegation,
        order.refusal,
        order.executed_by,
        order.executed_at,
        order.executed_delegation,
        order.epoch,
        order.sealed_sessions,
        order.failure,
        order.next_attempt_at,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes unfinished executions over all schools, until then.
///
/// # Errors
/// The database's.
pub async fn to_finish(
    pool: &PgPool,
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Vec<(String, Uuid)>, Error> {
    let rows = sqlx::query!(
        r#"select out_school as "school!", out_order as "order!" from lock_orders_to_finish($1, $2)"#,
        now,
        until,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.school, row.order)).collect())
}
