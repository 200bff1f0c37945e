//! One function an RPC: authorize, load, decide, save, in one transaction.

pub mod apply;
pub mod dossier;
pub mod finish;
pub mod lock_order;
pub mod peer;
pub mod review;
pub mod submit;
pub mod task;

use hocba_chassis::{
    Caller, Role,
    act_token::{self, ActToken},
    once::{self, Once, Ticket},
    outbox::{self, Event},
};
use prost::Message;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{error::Error, state::State};

/// Whose call it is, and its request_id with the body it came with (without the act token: a second click has a
/// new one).
#[derive(Clone, Copy)]
pub struct Ask<'a, M> {
    /// The caller.
    pub caller: &'a Caller,
    /// The request_id.
    pub request_id: &'a str,
    /// What request_id is bound to.
    pub body: &'a M,
}

impl<'a, M> Ask<'a, M> {
    /// A call.
    pub fn of(caller: &'a Caller, request_id: &'a str, body: &'a M) -> Self {
        Self {
            caller,
            request_id,
            body,
        }
    }
}

/// Takes the request_id; `None` for a repeat, which answers the resource as it stands. What is kept of a creation is
/// the id it made.
async fn begin<M: Message>(
    state: &State,
    tx: &mut PgConnection,
    ask: &Ask<'_, M>,
    rpc: &'static str,
) -> Result<Result<Ticket, Uuid>, Error> {
    match once::begin(tx, ask.caller, rpc, ask.request_id, ask.body, state.clock.now()).await? {
        Once::First(ticket) => Ok(Ok(ticket)),
        Once::Again(bytes) => {
            let kept = once::again::<String>(&bytes)?;
            Ok(Err(kept.parse().map_err(|_| Error::Damaged("a kept answer"))?))
        }
    }
}

async fn keep(tx: &mut PgConnection, ticket: &Ticket, id: Uuid) -> Result<(), Error> {
    Ok(once::finish(tx, ticket, &id.to_string()).await?)
}

/// An act token of the caller in one of these roles, spent in this transaction.
async fn act(
    state: &State,
    tx: &mut PgConnection,
    caller: &Caller,
    token: &str,
    (purpose, digest): (&str, &str),
    roles: &[Role],
) -> Result<ActToken, Error> {
    let act = state
        .tokens
        .verify_act(token, purpose, digest, caller.person()?)
        .await?;
    if !roles.contains(&act.role) {
        return Err(act_token::invalid().meta("what", "role").into());
    }
    act_token::spend(tx, &act, state.clock.now()).await?;
    Ok(act)
}

/// Puts an event of a school into the outbox.
async fn tell(
    state: &State,
    tx: &mut PgConnection,
    actor: String,
    school: &str,
    subject: String,
    kind: &str,
    facts: Value,
) -> Result<(), Error> {
    let event = Event {
        school: school.to_owned(),
        subject,
        kind: kind.to_owned(),
        facts,
        actor,
    };
    outbox::put(tx, &event, state.clock.now()).await?;
    Ok(())
}

/// Words of people: 1 to `most` characters.
fn words(field: &str, text: &str, most: usize) -> Result<(), Error> {
    if (1..=most).contains(&text.trim().chars().count()) {
        Ok(())
    } else {
        Err(hocba_chassis::Failure::bad_request(field, format!("từ 1 đến {most} kí tự")).into())
    }
}
