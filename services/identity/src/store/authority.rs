//! Rows of `authority`.

use hocba_chassis::database::constraint;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    model::{authority::Authority, slug::Slug},
};

/// Adds one.
pub async fn insert(db: &mut PgConnection, authority: &Authority, by: Uuid) -> Result<()> {
    sqlx::query!(
        "insert into authority (id, display_name, created_at, created_by) values ($1, $2, $3, $4)",
        authority.id.as_str(),
        authority.display_name,
        authority.created_at,
        by
    )
    .execute(db)
    .await
    .map_err(|e| match constraint(&e) {
        Some("authority_pk") => Error::AuthorityExists,
        _ => e.into(),
    })?;
    Ok(())
}

/// Reads one.
pub async fn find(db: &mut PgConnection, id: &Slug) -> Result<Option<Authority>> {
    let row = sqlx::query!(
        "select display_name, created_at from authority where id = $1",
        id.as_str()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|r| Authority {
        id: id.clone(),
        display_name: r.display_name,
        created_at: r.created_at,
    }))
}
