//! The feed of changes: triggers write it, this reads it.

use sqlx::{PgConnection, PgPool};

use crate::{
    error::Error,
    model::change::{Change, Kind},
};

/// The changes after a number, oldest first.
pub async fn after(
    tx: &mut PgConnection,
    school: &str,
    sequence: i64,
    limit: i64,
) -> Result<Vec<Change>, Error> {
    let rows = sqlx::query!(
        r#"select seq as "seq!", kind, resource, occurred_at from change
         where school_id = $1 and seq > $2 order by seq limit $3"#,
        school,
        sequence,
        limit,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Change {
                sequence: row.seq,
                kind: Kind::parse(&row.kind).ok_or(Error::Damaged("a change's kind"))?,
                resource: row.resource,
                at: row.occurred_at,
            })
        })
        .collect()
}

/// The newest number; 0 while nothing has changed.
pub async fn newest(tx: &mut PgConnection, school: &str) -> Result<i64, Error> {
    Ok(
        sqlx::query_scalar!("select last from change_head where school_id = $1", school)
            .fetch_optional(tx)
            .await?
            .unwrap_or_default(),
    )
}

/// The newest numbers of several schools.
pub async fn heads(pool: &PgPool, schools: &[String]) -> Result<Vec<(String, i64)>, Error> {
    let rows = sqlx::query!(
        r#"select out_school as "school!", out_last as "last!" from change_heads($1)"#,
        schools,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.school, row.last)).collect())
}
