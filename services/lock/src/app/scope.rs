//! Scopes: corrections in a closed term.

use hocba_chassis::{Caller, Failure};
use hocba_policy::Resource;
use hocba_proto::lock;
use time::OffsetDateTime;

use super::{drive, term::standing};
use crate::{
    Error, State, app, guard,
    model::{change::Command, name::TermName, scope::Epoch},
    rpc, wire,
};

/// Opens a scope for a dossier.
///
/// # Errors
/// See the contract.
pub async fn open_scope(
    state: &State,
    caller: &Caller,
    name: &TermName,
    end_at: OffsetDateTime,
    request: lock::OpenScopeRequest,
) -> Result<lock::Scope, Error> {
    state
        .policy
        .authorize(caller, rpc::OPEN_SCOPE, &Resource::school(name.school()))?;
    let once = (rpc::OPEN_SCOPE, request.request_id.as_str(), &request);
    if let Some(answer) = app::term::answered(state, caller, name, once).await? {
        return Ok(answer);
    }
    state.require_recovered(name)?;
    let command = Command::OpenScope {
        dossier: request.dossier.clone(),
        cells_digest: request.cells_digest.clone(),
        end_at,
    };
    let term = standing(drive::change(state, name, &caller.subject(), command).await?)?;
    let now = state.clock.now();
    let scope = term
        .scopes
        .values()
        .find(|scope| scope.dossier == request.dossier && scope.is_open(now));
    let scope = scope.ok_or_else(|| Failure::internal("a scope that was opened is not there"))?;
    let answer = guard::scope_to_wire(name, scope);
    app::term::answer(state, caller, name, once, answer).await
}

/// Notes that a scope was used.
///
/// # Errors
/// See the contract.
pub async fn report_scope_used(
    state: &State,
    caller: &Caller,
    name: &TermName,
    open_epoch: Epoch,
    request: lock::ReportScopeUsedRequest,
) -> Result<lock::Term, Error> {
    state
        .policy
        .authorize(caller, rpc::REPORT_SCOPE_USED, &Resource::school(name.school()))?;
    let once = (rpc::REPORT_SCOPE_USED, request.request_id.as_str(), &request);
    if let Some(answer) = app::term::answered(state, caller, name, once).await? {
        return Ok(answer);
    }
    let command = Command::ReportScopeUsed {
        dossier: request.dossier.clone(),
        open_epoch,
    };
    let term = drive::change(state, name, &caller.subject(), command).await?;
    let answer = wire::term(name, &term, state.clock.now());
    app::term::answer(state, caller, name, once, answer).await
}
