//! Held sessions on the wire.

use hocba_chassis::{Caller, Failure};
use hocba_proto::records::{
    JudgeHeldSessionRequest, JudgeHeldSessionResponse, ListHeldSessionsRequest, ListHeldSessionsResponse,
    judge_held_session_request::Verdict as WireVerdict,
};
use tonic::{Request, Response};

use super::{
    Answer,
    entry_session::{PATTERN, answer},
    mark_sheet::receipt,
    name,
};
use crate::{
    app::{self, Ask, held_session::Verdict},
    state::State,
};

pub(super) async fn list_held_sessions(
    state: &State,
    request: Request<ListHeldSessionsRequest>,
) -> Answer<ListHeldSessionsResponse> {
    let caller = Caller::of(&request)?;
    let school = name::school("parent", &request.get_ref().parent)?;
    let stays = app::held_session::list_held_sessions(state, &caller, &school).await?;
    let entry_sessions = stays.into_iter().map(|stay| answer(&school, stay)).collect();
    Ok(Response::new(ListHeldSessionsResponse { entry_sessions }))
}

pub(super) async fn judge_held_session(
    state: &State,
    request: Request<JudgeHeldSessionRequest>,
) -> Answer<JudgeHeldSessionResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, id) = name::child("name", PATTERN, &request.name)?;
    let verdict = match request.verdict() {
        WireVerdict::Unspecified => {
            return Err(Failure::bad_request("verdict", "phải chọn một cách xử lí").into());
        }
        WireVerdict::Release => Verdict::Release,
        WireVerdict::Seal => Verdict::Seal,
        WireVerdict::Discard => Verdict::Discard,
    };
    let reason = name::reason("reason", &request.reason)?;
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let (stay, sealed) =
        app::held_session::judge_held_session(state, ask, (&school, id), verdict, &reason).await?;
    Ok(Response::new(JudgeHeldSessionResponse {
        entry_session: Some(answer(&school, stay)),
        receipt: sealed.map(|sealed| receipt(&school, sealed)),
    }))
}
