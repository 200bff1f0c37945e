//! Entry sessions on the wire.

use hocba_chassis::{Caller, clock::to_timestamp};
use hocba_proto::records::{
    self as wire, FinishEntrySessionRequest, GetReceiptRequest, LeaveEntrySessionRequest,
    LeaveEntrySessionResponse, ListEntrySessionsRequest, ListEntrySessionsResponse, OpenEntrySessionRequest,
    entry_session::State as WireState,
};
use tonic::{Request, Response};

use super::{Answer, mark_sheet::receipt, name};
use crate::{
    app::{self, Ask, entry_session::Stay},
    model::{period::Period, sheet},
    state::State,
};

pub(super) const PATTERN: &str = "schools/{school}/entrySessions/{session}";

pub(super) async fn open_entry_session(
    state: &State,
    request: Request<OpenEntrySessionRequest>,
) -> Answer<wire::EntrySession> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let at = name::sheet("mark_sheet", &request.mark_sheet)?;
    let school = at.school.clone();
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let stay = app::entry_session::open_entry_session(state, ask, at).await?;
    Ok(Response::new(answer(&school, stay)))
}

pub(super) async fn list_entry_sessions(
    state: &State,
    request: Request<ListEntrySessionsRequest>,
) -> Answer<ListEntrySessionsResponse> {
    let caller = Caller::of(&request)?;
    let school = name::school("parent", &request.get_ref().parent)?;
    let stays = app::entry_session::list_entry_sessions(state, &caller, &school).await?;
    let entry_sessions = stays.into_iter().map(|stay| answer(&school, stay)).collect();
    Ok(Response::new(ListEntrySessionsResponse { entry_sessions }))
}

pub(super) async fn finish_entry_session(
    state: &State,
    request: Request<FinishEntrySessionRequest>,
) -> Answer<wire::Receipt> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, id) = name::child("name", PATTERN, &request.name)?;
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let sealed = app::entry_session::finish_entry_session(state, ask, &school, id).await?;
    Ok(Response::new(receipt(&school, sealed)))
}

pub(super) async fn leave_entry_session(
    state: &State,
    request: Request<LeaveEntrySessionRequest>,
) -> Answer<LeaveEntrySessionResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, id) = name::child("name", PATTERN, &request.name)?;
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let (stay, sealed) = app::entry_session::leave_entry_session(state, ask, &school, id).await?;
    Ok(Response::new(LeaveEntrySessionResponse {
        entry_session: Some(answer(&school, stay)),
        receipt: sealed.map(|sealed| receipt(&school, sealed)),
    }))
}

pub(super) async fn get_receipt(state: &State, request: Request<GetReceiptRequest>) -> Answer<wire::Receipt> {
    let caller = Caller::of(&request)?;
    let (school, id) = name::child(
        "name",
        "schools/{school}/receipts/{receipt}",
        &request.get_ref().name,
    )?;
    let found = app::entry_session::get_receipt(state, &caller, &school, id).await?;
    Ok(Response::new(receipt(&school, found)))
}

pub(super) fn answer(school: &str, stay: Stay) -> wire::EntrySession {
    let Stay {
        session,
        drafts,
        missing,
    } = stay;
    let state = match session.state.as_str() {
        "open" => WireState::Open,
        "held" => WireState::Held,
        "discarded" => WireState::Discarded,
        _ => WireState::Sealed,
    };
    let sheet_id = Period::parse(&session.period).map(|period| sheet::id(&session.sheet, period));
    wire::EntrySession {
        name: format!("schools/{school}/entrySessions/{}", session.id),
        mark_sheet: format!(
            "schools/{school}/years/{}/classes/{}/markSheets/{}",
            session.year,
            session.class,
            sheet_id.unwrap_or_default()
        ),
        teacher: format!("accounts/{}", session.teacher),
        state: state.into(),
        draft_count: i32::try_from(drafts).unwrap_or(i32::MAX),
        missing_count: i32::try_from(missing).unwrap_or(i32::MAX),
        open_time: Some(to_timestamp(session.opened_at)),
        active_time: Some(to_timestamp(session.active_at)),
        receipt: session
            .receipt
            .map(|id| format!("schools/{school}/receipts/{id}"))
            .unwrap_or_default(),
    }
}
