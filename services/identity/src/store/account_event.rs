//! The feed of account events.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::Result,
    model::{
        account_event::{AccountEvent, Kind},
        home::Home,
    },
};

/// Adds one. Call it last in a transaction: others wait for the counter until the commit.
pub async fn put(
    db: &mut PgConnection,
    home: &Home,
    kind: Kind,
    account: Uuid,
    sign_in: Option<Uuid>,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "select account_event_put($1, $2, $3, $4, $5)",
        home.key(),
        kind.as_str(),
        account,
        sign_in,
        now
    )
    .fetch_one(db)
    .await?;
    Ok(())
}

/// Reads the events after a number, of all tenants.
pub async fn after(db: &mut PgConnection, sequence: i64, limit: i32) -> Result<Vec<AccountEvent>> {
    let rows = sqlx::query!(
        r#"select out_seq as "seq!", out_school as "school!", out_kind as "kind!", out_account as "account!",
                  out_sign_in, out_at as "at!"
             from account_events_after($1, $2)"#,
        sequence,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| AccountEvent {
            sequence: r.seq,
            home: Home::of_key(&r.school),
            kind: Kind::of_sql(&r.kind),
            account: r.account,
            sign_in: r.out_sign_in,
            at: r.at,
        })
        .collect())
}

/// Forgets what every service has long seen.
pub async fn forget(db: &mut PgConnection, before: OffsetDateTime) -> Result<()> {
    sqlx::query!("select account_events_forget($1)", before)
        .fetch_one(db)
        .await?;
    Ok(())
}
