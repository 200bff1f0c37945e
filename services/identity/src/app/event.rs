//! The outbox events of identity: ids, counts and words of ours, never a personal value.

use hocba_chassis::outbox::{self, Event};
use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{error::Result, model::home::Home, state::State};

/// Writes an event in the effect's transaction.
pub async fn put(
    state: &State,
    db: &mut PgConnection,
    home: &Home,
    actor: Option<Uuid>,
    subject: String,
    kind: &'static str,
    facts: Value,
) -> Result<()> {
    put_at(db, home, actor, subject, kind, facts, state.clock.now()).await
}

/// The same at an instant, for what has no state yet.
pub async fn put_at(
    db: &mut PgConnection,
    home: &Home,
    actor: Option<Uuid>,
    subject: String,
    kind: &'static str,
    facts: Value,
    now: OffsetDateTime,
) -> Result<()> {
    let event = Event {
        school: home.school().map(ToString::to_string).unwrap_or_default(),
        subject,
        kind: kind.to_owned(),
        facts,
        actor: actor.map(account_name).unwrap_or_default(),
    };
    outbox::put(db, &event, now).await?;
    Ok(())
}

/// `accounts/{account}`.
pub fn account_name(id: Uuid) -> String {
    format!("accounts/{id}")
}

/// `accounts/{account}/securityKeys/{security_key}`.
pub fn security_key_name(account: Uuid, id: Uuid) -> String {
    format!("accounts/{account}/securityKeys/{id}")
}

/// `accounts/{account}/signIns/{sign_in}`.
pub fn sign_in_name(account: Uuid, id: Uuid) -> String {
    format!("accounts/{account}/signIns/{id}")
}
