//! Rows of `staff_group_role`.

use hocba_chassis::caller::Role;
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    model::{home::Home, slug::Slug, staff_group::GroupRole},
};

/// Adds one.
pub async fn insert(db: &mut PgConnection, school: &Slug, group: Uuid, role: &GroupRole) -> Result<()> {
    sqlx::query!(
        "insert into staff_group_role (school_id, id, group_id, role, start_date, end_date, granted_at, granted_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        school.as_str(),
        role.id,
        group,
        role.role.as_str(),
        role.start,
        role.end,
        role.granted_at,
        role.granted_by
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Reads a group's roles in order of granting (ids rise with time), one of them or all after one.
pub async fn list(
    db: &mut PgConnection,
    school: &Slug,
    group: Uuid,
    only: Option<Uuid>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<GroupRole>> {
    let rows = sqlx::query!(
        "select id, role, start_date, end_date, granted_at, granted_by, revoked_at from staff_group_role
          where school_id = $1 and group_id = $2
            and ($3::uuid is null or id = $3) and ($4::uuid is null or id > $4)
          order by id limit $5",
        school.as_str(),
        group,
        only,
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(GroupRole {
                id: r.id,
                role: Role::parse(&r.role).ok_or(Error::Damaged("staff_group_role.role"))?,
                start: r.start_date,
                end: r.end_date,
                granted_by: r.granted_by,
                granted_at: r.granted_at,
                revoked_at: r.revoked_at,
            })
        })
        .collect()
}

/// Takes roles back, one or all; what is taken back stays so. Answers how many.
pub async fn revoke(
    db: &mut PgConnection,
    school: &Slug,
    group: Uuid,
    only: Option<Uuid>,
    (by, now): (Uuid, OffsetDateTime),
) -> Result<u64> {
    let done = sqlx::query!(
        "update staff_group_role set revoked_at = $4, revoked_by = $5
          where school_id = $1 and group_id = $2 and ($3::uuid is null or id = $3) and revoked_at is null",
        school.as_str(),
        group,
        only,
        now,
        by
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Marks the roles of a tenant that ended before a day as told; answers who held them.
pub async fn tell_lapsed(
    db: &mut PgConnection,
    home: &Home,
    today: Date,
    now: OffsetDateTime,
) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        r#"with lapsed as (
               update staff_group_role set lapse_told_at = $3
                where school_id = $1 and end_date < $2 and revoked_at is null and lapse_told_at is null
            returning school_id, group_id)
           select distinct m.account_id from staff_group_member m
             join lapsed l on l.school_id = m.school_id and l.group_id = m.group_id
            where m.left_at is null"#,
        home.key(),
        today,
        now
    )
    .fetch_all(db)
    .await?)
}
