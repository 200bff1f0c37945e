//! One function per RPC: authorize, load, decide, save, in one transaction.

pub mod absence;
pub mod award;
pub mod change;
pub mod checklist;
pub mod class;
pub mod class_finding;
pub mod comment_template;
pub mod completeness;
mod content;
pub mod correction;
pub mod district;
pub mod district_read;
pub mod draft;
pub mod elective;
pub mod enrolment;
pub mod entry_session;
pub mod exemption;
pub mod export;
pub mod held_session;
pub mod mark_file;
pub mod mark_sheet;
pub mod movement;
pub mod place;
pub mod pupil;
pub mod pupil_change;
pub mod pupil_import;
pub mod reassessment;
pub mod roll_over;
pub mod school_year;
pub mod spot_check;
pub mod summary;
pub mod task;
pub mod verify;
mod watch;
pub mod year_result;

use hocba_chassis::{
    Caller, Role,
    once::{self, Once, Ticket},
    outbox::{self, Event},
};
use prost::Message;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{error::Error, model::grant::Grant, state::State};

/// Whose call it is, and its request_id with the body it came with.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a, M> {
    /// The caller.
    pub caller: &'a Caller,
    /// The request_id.
    pub request_id: &'a str,
    /// The whole request: what request_id is bound to.
    pub body: &'a M,
}

/// A call that is new, or the short answer kept of the first one.
pub(crate) enum Turn {
    New(Ticket),
    Again(String),
}

/// Takes the request_id; what is kept of an answer is one line of text (an id, or JSON).
pub(crate) async fn turn<M: Message>(
    state: &State,
    tx: &mut PgConnection,
    ask: &Ask<'_, M>,
    rpc: &'static str,
) -> Result<Turn, Error> {
    match once::begin(tx, ask.caller, rpc, ask.request_id, ask.body, state.clock.now()).await? {
        Once::First(ticket) => Ok(Turn::New(ticket)),
        Once::Again(bytes) => Ok(Turn::Again(once::again::<String>(&bytes)?)),
    }
}

/// Keeps the short answer.
pub(crate) async fn keep(tx: &mut PgConnection, ticket: &Ticket, answer: &str) -> Result<(), Error> {
    Ok(once::finish(tx, ticket, &answer.to_owned()).await?)
}

/// What the caller sees of what the policy lets it ask for.
pub(crate) fn grant_of(caller: &Caller) -> Grant {
    match &caller.person {
        Some(person) if person.has(Role::Integrator) => Grant::integrator(&person.grant),
        Some(_) | None => Grant::person(),
    }
}

/// Puts an event of a school into the outbox.
pub(crate) async fn tell(
    state: &State,
    tx: &mut PgConnection,
    caller: &Caller,
    school: &str,
    subject: String,
    kind: &str,
    facts: Value,
) -> Result<Uuid, Error> {
    let event = Event {
        school: school.to_owned(),
        subject,
        kind: kind.to_owned(),
        facts,
        actor: caller.subject(),
    };
    Ok(outbox::put(tx, &event, state.clock.now()).await?)
}
