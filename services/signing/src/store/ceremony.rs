//! Ceremonies as rows.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::ceremony::{Ceremony, Item};

/// Writes a new ceremony with its items, in one statement each.
///
/// # Errors
/// The database's.
pub async fn insert(
    conn: &mut PgConnection,
    school: &str,
    ceremony: &Ceremony,
    items: &[Item],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into ceremony (school_id, id, target, slots, signer, digest, state, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        school,
        ceremony.id,
        ceremony.target,
        &ceremony.slots,
        ceremony.signer,
        ceremony.digest,
        ceremony.state,
        ceremony.created_at,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into ceremony_item (school_id, ceremony_id, position, slot, document, content_digest, state)
         select $1, $2, position::int, slot, document, digest, 'pending'
         from unnest($3::text[], $4::text[], $5::text[])
             with ordinality as it (slot, document, digest, position)",
        school,
        ceremony.id,
        &column(items, |item| &item.slot),
        &column(items, |item| &item.document),
        &column(items, |item| &item.content_digest),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One ceremony, locked until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn get(conn: &mut PgConnection, school: &str, id: Uuid) -> Result<Option<Ceremony>, sqlx::Error> {
    sqlx::query_as!(
        Ceremony,
        "select id, target, slots, signer, digest, state, created_at, finished_at
         from ceremony where school_id = $1 and id = $2 for update",
        school,
        id,
    )
    .fetch_optional(conn)
    .await
}

/// A ceremony's items in order.
///
/// # Errors
/// The database's.
pub async fn items(conn: &mut PgConnection, school: &str, id: Uuid) -> Result<Vec<Item>, sqlx::Error> {
    sqlx::query_as!(
        Item,
        "select slot, document, content_digest, state, reason
         from ceremony_item where school_id = $1 and ceremony_id = $2 order by position",
        school,
        id,
    )
    .fetch_all(conn)
    .await
}

/// A page of a signer's ceremonies, newest first.
///
/// # Errors
/// The database's.
pub async fn page(
    conn: &mut PgConnection,
    school: &str,
    signer: Uuid,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Ceremony>, sqlx::Error> {
    sqlx::query_as!(
        Ceremony,
        "select id, target, slots, signer, digest, state, created_at, finished_at
         from ceremony
         where school_id = $1 and signer = $2 and ($3::uuid is null or id < $3) order by id desc limit $4",
        school,
        signer,
        before,
        limit,
    )
    .fetch_all(conn)
    .await
}

/// Moves a ceremony on.
///
/// # Errors
/// The database's.
pub async fn set_state(
    conn: &mut PgConnection,
    school: &str,
    id: Uuid,
    state: &str,
    finished_at: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update ceremony set state = $3, finished_at = $4 where school_id = $1 and id = $2",
        school,
        id,
        state,
        finished_at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes what became of items.
///
/// # Errors
/// The database's.
pub async fn set_items(
    conn: &mut PgConnection,
    school: &str,
    id: Uuid,
    items: &[Item],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update ceremony_item set state = it.new_state, reason = it.new_reason
         from unnest($3::text[], $4::text[], $5::text[], $6::text[])
             as it (of_slot, of_document, new_state, new_reason)
         where school_id = $1 and ceremony_id = $2 and slot = it.of_slot and document = it.of_document
           and state = 'pending'",
        school,
        id,
        &column(items, |item| &item.slot),
        &column(items, |item| &item.document),
        &column(items, |item| &item.state),
        &column(items, |item| &item.reason),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One field of all items, as PostgreSQL takes it.
fn column(items: &[Item], field: fn(&Item) -> &String) -> Vec<String> {
    items.iter().map(|item| field(item).clone()).collect()
}
