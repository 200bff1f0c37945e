//! Entry sessions and drafts.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::Error,
    model::cell::{Mark, Value},
};

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
    /// `open`, `sealed`, `held`.
    pub state: String,
    /// Opened.
    pub opened_at: OffsetDateTime,
    /// Last used.
    pub active_at: OffsetDateTime,
    /// Receipt.
    pub receipt: Option<Uuid>,
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
         on conflict (school_id, year_id, class_id, sheet, period) where state = 'open' do nothing",
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

/// The live session of a sheet, held until the transaction ends.
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
            active_at, receipt_id as receipt
         from entry_session
         where school_id = $1 and year_id = $2 and class_id = $3 and sheet = $4 and period = $5 and state = 'open'
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
            active_at, receipt_id as receipt
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
            active_at, receipt_id as receipt
         from entry_session where school_id = $1 and teacher = $2 and state = 'open' order by opened_at",
        school,
        teacher,
    )
    .fetch_all(tx)
    .await?)
}

/// The teacher did something; from now on the session belongs to this sign-in (takeover on another device).
pub async fn touch(
    tx: &mut PgConnection,
    school: &str,
    id: Uuid,
    sign_in: Uuid,
    now: OffsetDateTime,
) -> Result<(), Error> {
    sqlx::query!(
        "update entry_session set active_at = $4, sign_in = $3 where school_id = $1 and session_id = $2",
        school,
        id,
        sign_in,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Pupil.
    pub pupil: Uuid,
    /// Item.
    pub item: String,
    /// Value.
    pub value: Value,
}

/// Writes drafts.
pub async fn save(tx: &mut PgConnection, school: &str, id: Uuid, drafts: &[Draft]) -> Result<(), Error> {
    let pupils: Vec<Uuid> = drafts.iter().map(|draft| draft.pupil).collect();
    let text = |field: fn(&Draft) -> String| -> Vec<String> { drafts.iter().map(field).collect() };
    let scores: Vec<Option<i16>> = drafts.iter().map(|draft| draft.value.score).collect();
    sqlx::query!(
        "insert into draft (school_id, session_id, pupil_id, item, mark, level, score, comment)
         select $1, $2, d.* from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::smallint[], $8::text[]) as d
         on conflict on constraint draft_pk do update set
            mark = excluded.mark, level = excluded.level, score = excluded.score, comment = excluded.comment",
        school,
        id,
        &pupils,
        &text(|draft| draft.item.clone()),
        &text(|draft| draft.value.mark.id().to_owned()),
        &text(|draft| draft.value.level.clone()),
        &scores as &[Option<i16>],
        &text(|draft| draft.value.comment.clone()),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Empties drafts.
pub async fn clear(
    tx: &mut PgConnection,
    school: &str,
    id: Uuid,
    places: &[(Uuid, String)],
) -> Result<(), Error> {
    let pupils: Vec<Uuid> = places.iter().map(|(pupil, _)| *pupil).collect();
    let items: Vec<String> = places.iter().map(|(_, item)| item.clone()).collect();
    sqlx::query!(
        "delete from draft d using unnest($3::uuid[], $4::text[]) as gone (pupil, item)
         where d.school_id = $1 and d.session_id = $2 and d.pupil_id = gone.pupil and d.item = gone.item",
        school,
        id,
        &pupils,
        &items,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The drafts of a session.
pub async fn drafts(tx: &mut PgConnection, school: &str, id: Uuid) -> Result<Vec<Draft>, Error> {
    let rows = sqlx::query!(
        "select pupil_id, item, mark, level, score, comment from draft where school_id = $1 and session_id = $2",
        school,
        id,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Draft {
                pupil: row.pupil_id,
                item: row.item,
                value: Value {
                    mark: Mark::parse(&row.mark).ok_or(Error::Damaged("a draft's mark"))?,
                    level: row.level,
                    score: row.score,
                    comment: row.comment,
                },
            })
        })
        .collect()
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
