//! Rows of `network`.

use hocba_chassis::database::constraint;
use ipnet::IpNet;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    model::{home::Home, network::Network, slug::Slug},
};

/// Adds one.
pub async fn insert(db: &mut PgConnection, school: &Slug, network: &Network, by: Uuid) -> Result<()> {
    sqlx::query!(
        "insert into network (school_id, id, cidr, display_name, created_at, created_by)
         values ($1, $2, $3, $4, $5, $6)",
        school.as_str(),
        network.id,
        network.cidr.to_string(),
        network.display_name,
        network.created_at,
        by
    )
    .execute(db)
    .await
    .map_err(|e| match constraint(&e) {
        Some("network_cidr_unique") => Error::NetworkExists,
        _ => e.into(),
    })?;
    Ok(())
}

/// Reads a page in order of registration: ids rise with time.
pub async fn list(
    db: &mut PgConnection,
    school: &Slug,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Network>> {
    let rows = sqlx::query!(
        "select id, cidr, display_name, created_at from network
          where school_id = $1 and ($2::uuid is null or id > $2) order by id limit $3",
        school.as_str(),
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Network {
                id: r.id,
                cidr: r.cidr.parse().map_err(|_| Error::Damaged("network.cidr"))?,
                display_name: r.display_name,
                created_at: r.created_at,
            })
        })
        .collect()
}

/// Reads the addresses of all networks of a tenant; the deployment has none.
pub async fn all(db: &mut PgConnection, home: &Home) -> Result<Vec<IpNet>> {
    let rows = sqlx::query_scalar!("select cidr from network where school_id = $1", home.key())
        .fetch_all(db)
        .await?;
    rows.into_iter()
        .map(|c| c.parse().map_err(|_| Error::Damaged("network.cidr")))
        .collect()
}
