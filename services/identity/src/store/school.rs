//! Rows of `school`.

use hocba_chassis::database::constraint;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    model::{school::School, slug::Slug},
};

/// Adds one.
pub async fn insert(db: &mut PgConnection, school: &School, by: Uuid) -> Result<()> {
    sqlx::query!(
        "insert into school (id, authority_id, code, display_name, commune, province, created_at, created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        school.id.as_str(),
        school.authority.as_str(),
        school.code,
        school.display_name,
        school.commune,
        school.province,
        school.created_at,
        by
    )
    .execute(db)
    .await
    .map_err(|e| match constraint(&e) {
        Some("school_pk") => Error::SchoolExists,
        Some("school_authority_fk") => Error::AuthorityUnknown,
        _ => e.into(),
    })?;
    Ok(())
}

/// Reads one.
pub async fn find(db: &mut PgConnection, id: &Slug) -> Result<Option<School>> {
    let row = sqlx::query!(
        "select authority_id, code, display_name, commune, province, created_at from school where id = $1",
        id.as_str()
    )
    .fetch_optional(db)
    .await?;
    row.map(|r| {
        Ok(School {
            id: id.clone(),
            authority: Slug::parse(&r.authority_id).map_err(|_| Error::Damaged("school.authority_id"))?,
            code: r.code,
            display_name: r.display_name,
            commune: r.commune,
            province: r.province,
            created_at: r.created_at,
        })
    })
    .transpose()
}

/// Reads a page after an id, of one authority or of all.
pub async fn list(
    db: &mut PgConnection,
    authority: Option<&Slug>,
    after: &str,
    limit: i64,
) -> Result<Vec<School>> {
    let rows = sqlx::query!(
        "select id, authority_id, code, display_name, commune, province, created_at from school
          where ($1::text is null or authority_id = $1) and id > $2 order by id limit $3",
        authority.map(Slug::as_str),
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(School {
                id: Slug::parse(&r.id).map_err(|_| Error::Damaged("school.id"))?,
                authority: Slug::parse(&r.authority_id).map_err(|_| Error::Damaged("school.authority_id"))?,
                code: r.code,
                display_name: r.display_name,
                commune: r.commune,
                province: r.province,
                created_at: r.created_at,
            })
        })
        .collect()
}
