//! Rows of `working_group`; its members are rows of `role_binding`.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::Result,
    model::{
        role_binding::Decision,
        slug::Slug,
        working_group::{Member, WorkingGroup},
    },
    store::role_binding,
};

/// Adds one, without its members.
pub async fn insert(db: &mut PgConnection, school: &Slug, group: &WorkingGroup) -> Result<()> {
    sqlx::query!(
        "insert into working_group (school_id, id, decision_number, decision_date, start_date, end_date, head, etag,
                                    created_at, created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        school.as_str(),
        group.id,
        group.decision.number,
        group.decision.date,
        group.start,
        group.end,
        group.head,
        group.etag,
        group.created_at,
        group.created_by
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Keeps others from changing one until the transaction ends; false when there is none.
pub async fn lock(db: &mut PgConnection, school: &Slug, id: Uuid) -> Result<bool> {
    let row = sqlx::query!(
        "select id from working_group where school_id = $1 and id = $2 for no key update",
        school.as_str(),
        id
    )
    .fetch_optional(db)
    .await?;
    Ok(row.is_some())
}

/// Reads a school's working groups in order of creation (ids rise with time), one of them or all after one.
pub async fn list(
    db: &mut PgConnection,
    school: &Slug,
    only: Option<Uuid>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<WorkingGroup>> {
    let rows = sqlx::query!(
        "select id, decision_number, decision_date, start_date, end_date, head, etag, created_at, created_by, ended_at
           from working_group
          where school_id = $1 and ($2::uuid is null or id = $2) and ($3::uuid is null or id > $3)
          order by id limit $4",
        school.as_str(),
        only,
        after,
        limit
    )
    .fetch_all(&mut *db)
    .await?;
    let mut groups: Vec<_> = rows
        .into_iter()
        .map(|r| WorkingGroup {
            id: r.id,
            decision: Decision {
                number: r.decision_number,
                date: Some(r.decision_date),
            },
            start: r.start_date,
            end: r.end_date,
            head: r.head,
            members: Vec::new(),
            etag: r.etag,
            created_by: r.created_by,
            created_at: r.created_at,
            ended_at: r.ended_at,
        })
        .collect();
    for group in &mut groups {
        group.members = role_binding::of_working_group(db, school, group.id)
            .await?
            .into_iter()
            .map(|binding| Member {
                account: binding.account,
                duty: binding.duty,
            })
            .collect();
    }
    Ok(groups)
}

/// Sets the head of changed members and raises the etag, if it is the one read.
pub async fn change(db: &mut PgConnection, school: &Slug, id: Uuid, head: Uuid, etag: i64) -> Result<bool> {
    let done = sqlx::query!(
        "update working_group set head = $3, etag = etag + 1 where school_id = $1 and id = $2 and etag = $4",
        school.as_str(),
        id,
        head,
        etag
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends one; what is ended stays so.
pub async fn end(
    db: &mut PgConnection,
    school: &Slug,
    id: Uuid,
    by: Uuid,
    now: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        "update working_group set ended_at = $3, ended_by = $4, etag = etag + 1
          where school_id = $1 and id = $2 and ended_at is null",
        school.as_str(),
        id,
        now,
        by
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
