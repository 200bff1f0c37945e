//! Rows of `delegation`.

use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    error::Result,
    model::{delegation::Delegation, home::Home, slug::Slug},
};

/// Adds one.
pub async fn insert(db: &mut PgConnection, school: &Slug, delegation: &Delegation) -> Result<()> {
    sqlx::query!(
        "insert into delegation (school_id, id, role, delegator, delegate, start_date, end_date,
                                 decision_number, created_at)
         values ($1, $2, 'principal', $3, $4, $5, $6, $7, $8)",
        school.as_str(),
        delegation.id,
        delegation.delegator,
        delegation.delegate,
        delegation.start,
        delegation.end,
        delegation.decision_number,
        delegation.created_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Keeps others from delegating in this school until the transaction ends: two delegations made at once
/// must see each other.
pub async fn lock_school(db: &mut PgConnection, school: &Slug) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('delegation:' || $1, 0))::text",
        school.as_str()
    )
    .fetch_one(db)
    .await?;
    Ok(())
}

/// Reads a school's delegations in order of creation (ids rise with time), one of them or all after one.
pub async fn list(
    db: &mut PgConnection,
    school: &Slug,
    only: Option<Uuid>,
    after: Option<Uuid>,
    today: Date,
    limit: i64,
) -> Result<Vec<Delegation>> {
    Ok(sqlx::query_as!(
        Delegation,
        r#"select d.id, d.delegator, d.delegate, d.start_date as start, d.end_date as "end", d.decision_number,
                  d.created_at, d.revoked_at,
                  (exists (select from role_held b where b.school_id = d.school_id
                              and b.account_id = d.delegator and b.role = 'principal'
                              and b.start_date <= $4 and (b.end_date is null or $4 <= b.end_date))
                   and exists (select from role_held b where b.school_id = d.school_id
                              and b.account_id = d.delegate and b.role = 'vice_principal'
                              and b.start_date <= $4 and (b.end_date is null or $4 <= b.end_date)))
                  as "people_fit!"
             from delegation d
            where d.school_id = $1 and ($2::uuid is null or d.id = $2) and ($3::uuid is null or d.id > $3)
            order by d.id limit $5"#,
        school.as_str(),
        only,
        after,
        today,
        limit
    )
    .fetch_all(db)
    .await?)
}

/// Reads the delegations that stand in some day of a span.
pub async fn overlapping(db: &mut PgConnection, school: &Slug, start: Date, end: Date) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "select id from delegation
          where school_id = $1 and revoked_at is null and start_date <= $3 and $2 <= end_date",
        school.as_str(),
        start,
        end
    )
    .fetch_all(db)
    .await?)
}

/// Reads, of several accounts, by which delegation each acts as principal on a day: dated so, not taken
/// back, the delegator still principal and the delegate still vice principal.
pub async fn in_force(
    db: &mut PgConnection,
    home: &Home,
    delegates: &[Uuid],
    day: Date,
) -> Result<Vec<(Uuid, Uuid)>> {
    let rows = sqlx::query!(
        "select d.delegate, d.id from delegation d
          where d.school_id = $1 and d.delegate = any($2) and d.revoked_at is null
            and d.start_date <= $3 and $3 <= d.end_date
            and exists (select from role_held b where b.school_id = d.school_id
                           and b.account_id = d.delegator and b.role = 'principal'
                           and b.start_date <= $3 and (b.end_date is null or $3 <= b.end_date))
            and exists (select from role_held b where b.school_id = d.school_id
                           and b.account_id = d.delegate and b.role = 'vice_principal'
                           and b.start_date <= $3 and (b.end_date is null or $3 <= b.end_date))",
        home.key(),
        delegates,
        day
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|r| (r.delegate, r.id)).collect())
}

/// Takes one back; what is taken back stays so.
pub async fn revoke(
    db: &mut PgConnection,
    school: &Slug,
    id: Uuid,
    by: Uuid,
    now: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        "update delegation set revoked_at = $3, revoked_by = $4
          where school_id = $1 and id = $2 and revoked_at is null",
        school.as_str(),
        id,
        now,
        by
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Marks the delegations of a tenant that ended before a day as told; answers whose they were.
pub async fn tell_lapsed(
    db: &mut PgConnection,
    home: &Home,
    today: Date,
    now: OffsetDateTime,
) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "update delegation set lapse_told_at = $3
          where school_id = $1 and end_date < $2 and revoked_at is null and lapse_told_at is null
          returning delegate",
        home.key(),
        today,
        now
    )
    .fetch_all(db)
    .await?)
}
