//! Entry sessions.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Error;

/// A session as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Id.
    pub id: Uuid,
    /// Year.
    pub year: String,
    /// Class.
    pub class: String,
    /// Sheet.
    pub sheet: String,
    /// Period id.
    pub period: String,
    /// Account.
    pub teacher: Uuid,
    /// `open`, `sealed`, `held`, `discarded`.
    pub state: String,
    /// Opened.
    pub opened_at: OffsetDateTime,
    /// Last used.
    pub active_at: OffsetDateTime,
    /// Receipt.
    pub receipt: Option<Uuid>,
    /// How often drafts were saved.
    pub save_count: i32,
}

/// Opens a session; false when the sheet has a live one.
pub async fn insert(
    tx: &mut PgConnection,
    school: &str,
    session: &Session,
    sign_in: Uuid,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "insert into entry_session (school_id, session_id, year_id, class_id, sheet, period, teacher, sign_in,
            opened_at, active_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
         on conflict (school_id, year_id, class_id, sheet, period) where state in ('open', 'held') do nothing",
        school,
        session.id,
        session.year,
        session.class,
        session.sheet,
        session.period,
        session.teacher,
        sign_in,
        session.opened_at,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The open or held session of a sheet, locked until the transaction ends.
pub async fn live(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    class: &str,
    sheet: &str,
    period: &str,
) -> Result<Option<Session>, Error> {
    Ok(sqlx::query_as!(
        Session,
        "select session_id as id, year_id as year, class_id as class, sheet, period, teacher, state, opened_at,
            active_at, receipt_id as receipt, save_count
         from entry_session
         where school_id = $1 and year_id = $2 and class_id = $3 and sheet = $4 and period = $5
            and state in ('open', 'held')
         for update",
        school,
        year,
        class,
        sheet,
        period,
    )
    .fetch_optional(tx)
    .await?)
}

/// Reads a session and holds it until the transaction ends.
pub async fn get(tx: &mut PgConnection, school: &str, id: Uuid) -> Result<Session, Error> {
    sqlx::query_as!(
        Session,
        "select session_id as id, year_id as year, class_id as class, sheet, period, teacher, state, opened_at,
            active_at, receipt_id as receipt, save_count
         from entry_session where school_id = $1 and session_id = $2 for update",
        school,
        id,
    )
    .fetch_optional(tx)
    .await?
    .ok_or(Error::SessionUnknown)
}

/// The open sessions of an account.
pub async fn list_open(tx: &mut PgConnection, school: &str, teacher: Uuid) -> Result<Vec<Session>, Error> {
    Ok(sqlx::query_as!(
        Session,
        "select session_id as id, year_id as year, class_id as class, sheet, period, teacher, state, opened_at,
            active_at, receipt_id as receipt, save_count
         from entry_session where school_id = $1 and teacher = $2 and state = 'open' order by opened_at",
        school,
        teacher,
    )
    .fetch_all(tx)
    .await?)
}

/// The held sessions of a school.
pub async fn list_held(tx: &mut PgConnection, school: &str) -> Result<Vec<Session>, Error> {
    Ok(sqlx::query_as!(
        Session,
        "select session_id as id, year_id as year, class_id as class, sheet, period, teacher, state, opened_at,
            active_at, receipt_id as receipt, save_count
         from entry_session where school_id = $1 and state = 'held' order by opened_at",
        school,
    )
    .fetch_all(tx)
    .await?)
}

/// Judges a held session; answers how many drafts it has or had, nothing when it is not held.
pub async fn judge(
    tx: &mut PgConnection,
    school: &str,
    id: Uuid,
    (verdict, reason): (&str, &str),
    (by, now): (Uuid, OffsetDateTime),
) -> Result<Option<i32>, Error> {
    let row = sqlx::query!(
        r#"select out_drafts as "drafts!" from judge_session($1, $2, $3, $4, $5, $6)"#,
        school,
        id,
        verdict,
        reason,
        by,
        now,
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| row.drafts))
}

/// The teacher did something; from now on the session belongs to this sign-in (takeover on another device).
pub async fn touch(
    tx: &mut PgConnection,
    school: &str,
    (id, save_count): (Uuid, i32),
    sign_in: Uuid,
    now: OffsetDateTime,
) -> Result<(), Error> {
    sqlx::query!(
        "update entry_session set active_at = $4, sign_in = $3, save_count = $5
         where school_id = $1 and session_id = $2",
        school,
        id,
        sign_in,
        now,
        save_count,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Open sessions that ended without a call: of a sign-in, or idle longer than their school's grace. Over all
/// schools: ids only.
pub async fn to_end(
    pool: &PgPool,
    sign_in: Option<Uuid>,
    now: OffsetDateTime,
) -> Result<Vec<(String, Uuid)>, Error> {
    let rows = sqlx::query!(
        r#"select out_school as "school!", out_session as "session!" from sessions_to_end($1, $2)"#,
        sign_in,
        now,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.school, row.session)).collect())
}

/// Holds the open sessions of a suspended account.
pub async fn hold(pool: &PgPool, teacher: Uuid) -> Result<i64, Error> {
    Ok(
        sqlx::query_scalar!(r#"select hold_sessions($1) as "held!""#, teacher)
            .fetch_one(pool)
            .await?,
    )
}

/// The open sessions of a term's periods.
pub async fn open_in_term(
    tx: &mut PgConnection,
    school: &str,
    year: &str,
    periods: &[String],
) -> Result<Vec<Uuid>, Error> {
    Ok(sqlx::query_scalar!(
        "select session_id from entry_session
         where school_id = $1 and year_id = $2 and period = any($3) and state = 'open' order by opened_at",
        school,
        year,
        periods,
    )
    .fetch_all(tx)
    .await?)
}
