//! Entry sessions on the wire.

use hocba_chassis::{Caller, Failure, clock::to_timestamp, name::parse};
use hocba_proto::records::{
    self as wire, DraftResult, FinishEntrySessionRequest, GetReceiptRequest, LeaveEntrySessionRequest,
    LeaveEntrySessionResponse, ListEntrySessionsRequest, ListEntrySessionsResponse, OpenEntrySessionRequest,
    SaveDraftsRequest, SaveDraftsResponse, draft_result::Outcome as WireOutcome,
    entry_session::State as WireState,
};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{
    Answer,
    mark_sheet::{parse_value, receipt},
    name,
};
use crate::{
    app::{
        self, Ask,
        entry_session::{Outcome, Stay},
    },
    model::{period::Period, sheet},
    state::State,
};

const PATTERN: &str = "schools/{school}/entrySessions/{session}";

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

pub(super) async fn save_drafts(
    state: &State,
    request: Request<SaveDraftsRequest>,
) -> Answer<SaveDraftsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, id) = name::child("name", PATTERN, &request.name)?;
    if request.drafts.len() > 1000 {
        return Err(Failure::bad_request("drafts", "nhiều nhất 1000 ô một lần").into());
    }
    let mut drafts = Vec::with_capacity(request.drafts.len());
    for (at, draft) in request.drafts.iter().enumerate() {
        let pupil = pupil_of(&school, &format!("drafts[{at}].pupil"), &draft.pupil)?;
        drafts.push((
            pupil,
            draft.item.clone(),
            draft.value.as_ref().and_then(parse_value),
        ));
    }
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let (outcomes, stay) = app::entry_session::save_drafts(state, ask, &school, id, drafts).await?;
    let results = outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Outcome::Ok => DraftResult {
                outcome: WireOutcome::Ok.into(),
                words: String::new(),
            },
            Outcome::Invalid(words) => DraftResult {
                outcome: WireOutcome::Invalid.into(),
                words,
            },
            Outcome::Locked => DraftResult {
                outcome: WireOutcome::Locked.into(),
                words: "Ô đã chốt hoặc không thuộc bảng này.".to_owned(),
            },
        })
        .collect();
    Ok(Response::new(SaveDraftsResponse {
        results,
        entry_session: Some(answer(&school, stay)),
    }))
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

/// A pupil of this school; another school's is told like a malformed name.
fn pupil_of(school: &str, field: &str, text: &str) -> Result<Uuid, Failure> {
    let [of, id] = parse(field, "schools/{school}/pupils/{pupil}", text)?;
    if of == school {
        hocba_chassis::name::id(field, &id)
    } else {
        Err(Failure::bad_request(field, "học sinh thuộc trường khác"))
    }
}

fn answer(school: &str, stay: Stay) -> wire::EntrySession {
    let Stay {
        session,
        drafts,
        missing,
    } = stay;
    let state = match session.state.as_str() {
        "open" => WireState::Open,
        "held" => WireState::Held,
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
