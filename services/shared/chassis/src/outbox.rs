//! Events of effects, written in the effect's transaction and carried to the archive by [`crate::relay`].

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{clock, error::Failure, telemetry};

/// What happened, without personal values: ids, counts, digests.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The school's id; empty for events of the deployment.
    pub school: String,
    /// The resource's name.
    pub subject: String,
    /// Such as `mark_sheet.sealed`.
    pub kind: String,
    /// Facts.
    pub facts: serde_json::Value,
    /// The account that caused it, `accounts/{id}`; empty for work without a person.
    pub actor: String,
}

/// Puts an event into the outbox; answers its id.
pub async fn put(tx: &mut PgConnection, event: &Event, now: OffsetDateTime) -> Result<Uuid, Failure> {
    let id = clock::new_id();
    sqlx::query!(
        "select outbox_put($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        event.school,
        event.subject,
        event.kind,
        event.facts,
        event.actor,
        telemetry::trace_parent(),
        now,
    )
    .execute(tx)
    .await?;
    Ok(id)
}
