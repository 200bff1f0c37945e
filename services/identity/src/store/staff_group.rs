//! Rows of `staff_group` and `staff_group_member`.

use std::collections::BTreeSet;

use hocba_chassis::database::constraint;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    model::{
        slug::Slug,
        staff_group::{Group, Kind, Shape},
    },
};

/// Adds one, without its members.
pub async fn insert(db: &mut PgConnection, school: &Slug, group: &Group, by: Uuid) -> Result<()> {
    sqlx::query!(
        "insert into staff_group (school_id, id, kind, display_name, head, etag, created_at, created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        school.as_str(),
        group.id,
        group.kind.as_str(),
        group.display_name,
        group.head,
        group.etag,
        group.created_at,
        by
    )
    .execute(db)
    .await
    .map_err(taken)?;
    Ok(())
}

/// Keeps others from changing one, or its roles, until the transaction ends; false when there is none.
pub async fn lock(db: &mut PgConnection, school: &Slug, id: Uuid) -> Result<bool> {
    let row = sqlx::query!(
        "select id from staff_group where school_id = $1 and id = $2 for no key update",
        school.as_str(),
        id
    )
    .fetch_optional(db)
    .await?;
    Ok(row.is_some())
}

/// Reads a school's groups in order of creation (ids rise with time), one of them or all after one.
pub async fn list(
    db: &mut PgConnection,
    school: &Slug,
    only: Option<Uuid>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Group>> {
    let rows = sqlx::query!(
        r#"select g.id, g.kind, g.display_name, g.head, g.etag, g.created_at, g.closed_at,
                  array(select m.account_id from staff_group_member m
                         where m.school_id = g.school_id and m.group_id = g.id
                           and (m.left_at is null or m.left_at = g.closed_at)) as "members!"
             from staff_group g
            where g.school_id = $1 and ($2::uuid is null or g.id = $2) and ($3::uuid is null or g.id > $3)
            order by g.id limit $4"#,
        school.as_str(),
        only,
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Group {
            id: r.id,
            kind: Kind::of_sql(&r.kind),
            display_name: r.display_name,
            head: r.head,
            members: BTreeSet::from_iter(r.members),
            etag: r.etag,
            created_at: r.created_at,
            closed_at: r.closed_at,
        })
        .collect())
}

/// Sets name and head and raises the etag, if it is the one read.
pub async fn change(
    db: &mut PgConnection,
    school: &Slug,
    id: Uuid,
    shape: &Shape,
    etag: i64,
) -> Result<bool> {
    let done = sqlx::query!(
        "update staff_group set display_name = $3, head = $4, etag = etag + 1
          where school_id = $1 and id = $2 and etag = $5",
        school.as_str(),
        id,
        shape.display_name,
        shape.head,
        etag
    )
    .execute(db)
    .await
    .map_err(taken)?;
    Ok(done.rows_affected() == 1)
}

/// Adds a member.
pub async fn join(
    db: &mut PgConnection,
    school: &Slug,
    group: Uuid,
    (id, account): (Uuid, Uuid),
    (by, now): (Uuid, OffsetDateTime),
) -> Result<()> {
    sqlx::query!(
        "insert into staff_group_member (school_id, id, group_id, account_id, joined_at, joined_by)
         values ($1, $2, $3, $4, $5, $6)",
        school.as_str(),
        id,
        group,
        account,
        now,
        by
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends memberships.
pub async fn leave(
    db: &mut PgConnection,
    school: &Slug,
    group: Uuid,
    accounts: &[Uuid],
    (by, now): (Uuid, OffsetDateTime),
) -> Result<()> {
    sqlx::query!(
        "update staff_group_member set left_at = $4, left_by = $5
          where school_id = $1 and group_id = $2 and account_id = any($3) and left_at is null",
        school.as_str(),
        group,
        accounts,
        now,
        by
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Closes one; what is closed stays so.
pub async fn close(
    db: &mut PgConnection,
    school: &Slug,
    id: Uuid,
    (by, now): (Uuid, OffsetDateTime),
) -> Result<()> {
    sqlx::query!(
        "update staff_group set closed_at = $3, closed_by = $4, etag = etag + 1
          where school_id = $1 and id = $2 and closed_at is null",
        school.as_str(),
        id,
        now,
        by
    )
    .execute(db)
    .await?;
    Ok(())
}

fn taken(error: sqlx::Error) -> Error {
    match constraint(&error) {
        Some("staff_group_name_unique") => Error::GroupExists,
        _ => error.into(),
    }
}
