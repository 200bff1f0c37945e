//! Awards on the wire.

use hocba_chassis::{Caller, clock::to_timestamp};
use hocba_proto::records::{self as wire, GiveAwardRequest, ListAwardsRequest, ListAwardsResponse};
use tonic::{Request, Response};

use super::{Answer, draft::pupil_of, name};
use crate::{
    app::{self, Ask},
    state::State,
    store::award::Award,
};

pub(super) async fn give_award(state: &State, request: Request<GiveAwardRequest>) -> Answer<wire::Award> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year, class) = name::class("parent", &request.parent)?;
    let given = request.award.clone().unwrap_or_default();
    let pupil = pupil_of(&school, "award.pupil", &given.pupil)?;
    let reason = name::reason("award.reason", &given.reason)?;
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let at = (school.as_str(), year.as_str(), class.as_str());
    let made = app::award::give_award(state, ask, at, (pupil, &given.code, reason)).await?;
    Ok(Response::new(answer(&school, &year, made)))
}

pub(super) async fn list_awards(
    state: &State,
    request: Request<ListAwardsRequest>,
) -> Answer<ListAwardsResponse> {
    let caller = Caller::of(&request)?;
    let (school, year, class) = name::class("parent", &request.get_ref().parent)?;
    let all = app::award::list_awards(state, &caller, (&school, &year, &class)).await?;
    let awards = all.into_iter().map(|it| answer(&school, &year, it)).collect();
    Ok(Response::new(ListAwardsResponse { awards }))
}

fn answer(school: &str, year: &str, it: Award) -> wire::Award {
    wire::Award {
        name: format!("schools/{school}/years/{year}/awards/{}", it.id),
        pupil: format!("schools/{school}/pupils/{}", it.pupil),
        code: it.code,
        display_name: it.name,
        reason: it.reason,
        given_by: format!("accounts/{}", it.given_by),
        give_time: Some(to_timestamp(it.given_at)),
    }
}
