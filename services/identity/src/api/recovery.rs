//! Recoveries on the wire.

use hocba_chassis::{caller::Caller, clock::to_timestamp};
use hocba_proto::identity::{
    ApproveRecoveryRequest, ApproveRecoveryResponse, CancelRecoveryRequest, ListRecoveriesRequest,
    ListRecoveriesResponse, Recovery, StartRecoveryRequest, StartRecoveryResponse, recovery,
};
use time::OffsetDateTime;
use tonic::{Request, Response};

use super::{Answer, form::Form, name, paging::Paging};
use crate::{
    app::{self, ask::Ask, event, recovery::Halved},
    model::{recovery as model, text},
    state::State,
};

/// StartRecovery.
pub async fn start_recovery(
    state: &State,
    request: Request<StartRecoveryRequest>,
) -> Answer<StartRecoveryResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let account = form.take("name", name::account(&request.name));
    let cause = form.take("cause", text::required(&request.cause, 500));
    let (account, cause) = form.finish(account.zip(cause))?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: |halved: Halved| StartRecoveryResponse {
            recovery: Some(wire((halved.recovery, halved.now))),
            code_half: halved.half.unwrap_or_default(),
        },
    };
    Ok(Response::new(
        app::recovery::start_recovery(state, ask, account, cause).await?,
    ))
}

/// ApproveRecovery.
pub async fn approve_recovery(
    state: &State,
    request: Request<ApproveRecoveryRequest>,
) -> Answer<ApproveRecoveryResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let named = form.take("name", name::of_account(&request.name, "recoveries"));
    let (account, id) = form.finish(named)?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: |halved: Halved| ApproveRecoveryResponse {
            recovery: Some(wire((halved.recovery, halved.now))),
            code_half: halved.half.unwrap_or_default(),
            code_expire_time: halved.code_expires_at.map(to_timestamp),
        },
    };
    Ok(Response::new(
        app::recovery::approve_recovery(state, ask, account, id, &request.act_token).await?,
    ))
}

/// CancelRecovery.
pub async fn cancel_recovery(state: &State, request: Request<CancelRecoveryRequest>) -> Answer<Recovery> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let mut form = Form::default();
    let named = form.take("name", name::of_account(&request.name, "recoveries"));
    let (account, id) = form.finish(named)?;
    let ask = Ask {
        caller: &caller,
        request: &request,
        request_id: &request.request_id,
        answer: wire,
    };
    Ok(Response::new(
        app::recovery::cancel_recovery(state, ask, account, id).await?,
    ))
}

/// ListRecoveries.
pub async fn list_recoveries(
    state: &State,
    request: Request<ListRecoveriesRequest>,
) -> Answer<ListRecoveriesResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let (home, paging) = Paging::of(
        "ListRecoveries",
        (&request.parent, name::home),
        request.page_size,
        &request.page_token,
    )?;
    let before = paging.after_id()?;
    let found = app::recovery::list_recoveries(state, &caller, &home, before, paging.limit()).await?;
    let (found, next_page_token) = paging.cut(found, |(recovery, _)| recovery.id.to_string());
    Ok(Response::new(ListRecoveriesResponse {
        recoveries: found.into_iter().map(wire).collect(),
        next_page_token,
    }))
}

/// As it stands at an instant.
fn wire((recovery, now): (model::Recovery, OffsetDateTime)) -> Recovery {
    let stand = recovery.state_at(now);
    let state = match stand {
        model::State::Open => recovery::State::Open,
        model::State::Approved => recovery::State::Approved,
        model::State::Cancelled => recovery::State::Cancelled,
        model::State::Expired => recovery::State::Expired,
    };
    // One that lapsed a moment ago is not swept yet.
    let lapsed = (stand == model::State::Expired).then_some(recovery.expires_at);
    Recovery {
        name: recovery.name(),
        digest: recovery.digest(),
        state: state.into(),
        starter: event::account_name(recovery.starter),
        start_time: Some(to_timestamp(recovery.started_at)),
        expire_time: Some(to_timestamp(recovery.expires_at)),
        decider: recovery.decider.map(event::account_name).unwrap_or_default(),
        decide_time: recovery.decided_at.or(lapsed).map(to_timestamp),
        cause: recovery.cause,
    }
}
