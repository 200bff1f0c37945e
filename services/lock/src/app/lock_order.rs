//! Orders that workflow decided: lock, unlock.

use hocba_chassis::Caller;
use hocba_policy::Resource;
use hocba_proto::lock;
use time::OffsetDateTime;

use super::{drive, term::standing};
use crate::{
    Error, State, app,
    model::{change::Command, name::TermName},
    rpc, wire,
};

/// Locks a term.
///
/// # Errors
/// See the contract.
pub async fn close_term(
    state: &State,
    caller: &Caller,
    name: &TermName,
    request: lock::CloseTermRequest,
) -> Result<lock::Term, Error> {
    state
        .policy
        .authorize(caller, rpc::CLOSE_TERM, &Resource::school(name.school()))?;
    let command = Command::Close {
        lock_order: request.lock_order.clone(),
    };
    execute(
        state,
        caller,
        name,
        (rpc::CLOSE_TERM, &request.request_id, &request),
        command,
    )
    .await
}

/// Unlocks a term until an end.
///
/// # Errors
/// See the contract.
pub async fn open_window(
    state: &State,
    caller: &Caller,
    name: &TermName,
    end_at: OffsetDateTime,
    request: lock::OpenWindowRequest,
) -> Result<lock::Term, Error> {
    state
        .policy
        .authorize(caller, rpc::OPEN_WINDOW, &Resource::school(name.school()))?;
    let command = Command::OpenWindow {
        lock_order: request.lock_order.clone(),
        end_at,
    };
    execute(
        state,
        caller,
        name,
        (rpc::OPEN_WINDOW, &request.request_id, &request),
        command,
    )
    .await
}

async fn execute<M: prost::Message>(
    state: &State,
    caller: &Caller,
    name: &TermName,
    (rpc, request_id, request): (&'static str, &str, &M),
    command: Command,
) -> Result<lock::Term, Error> {
    if let Some(answer) = app::term::answered(state, caller, name, (rpc, request_id, request)).await? {
        return Ok(answer);
    }
    state.require_recovered(name)?;
    let term = standing(drive::change(state, name, &caller.subject(), command).await?)?;
    let answer = wire::term(name, &term, state.clock.now());
    app::term::answer(state, caller, name, (rpc, request_id, request), answer).await
}
