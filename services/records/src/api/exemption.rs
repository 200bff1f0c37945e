//! Exemptions on the wire.

use hocba_chassis::{Caller, Failure, clock::to_timestamp};
use hocba_proto::records::{
    self as wire, CreateExemptionRequest, EndExemptionRequest, ListExemptionsRequest, ListExemptionsResponse,
    exemption::Kind as WireKind,
};
use tonic::{Request, Response};

use super::{Answer, draft::pupil_of, name};
use crate::{
    app::{self, Ask},
    state::State,
    store::exemption::Exemption,
};

const PATTERN: &str = "schools/{school}/years/{year}/exemptions/{exemption}";

pub(super) async fn create_exemption(
    state: &State,
    request: Request<CreateExemptionRequest>,
) -> Answer<wire::Exemption> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year) = name::year("parent", &request.parent)?;
    let given = request.exemption.clone().unwrap_or_default();
    let pupil = pupil_of(&school, "exemption.pupil", &given.pupil)?;
    let kind = match given.kind() {
        WireKind::Unspecified => {
            return Err(Failure::bad_request("exemption.kind", "phải chọn loại quyết định").into());
        }
        WireKind::Exempt => "exempt",
        WireKind::NotAssessed => "not_assessed",
        WireKind::SpecialClass => "special_class",
    };
    if given.kind() != WireKind::SpecialClass && !(1..=50).contains(&given.items.len()) {
        return Err(Failure::bad_request("exemption.items", "từ 1 đến 50 môn hoặc mục").into());
    }
    let reason = name::reason("exemption.reason", &given.reason)?;
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let what = (pupil, kind, given.items, reason);
    let made = app::exemption::create_exemption(state, ask, (&school, &year), what).await?;
    Ok(Response::new(answer(&school, &year, made)))
}

pub(super) async fn end_exemption(
    state: &State,
    request: Request<EndExemptionRequest>,
) -> Answer<wire::Exemption> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year, id) = name::of_year("name", PATTERN, &request.name)?;
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let ended = app::exemption::end_exemption(state, ask, (&school, &year), id).await?;
    Ok(Response::new(answer(&school, &year, ended)))
}

pub(super) async fn list_exemptions(
    state: &State,
    request: Request<ListExemptionsRequest>,
) -> Answer<ListExemptionsResponse> {
    let caller = Caller::of(&request)?;
    let (school, year, class) = name::class("parent", &request.get_ref().parent)?;
    let all = app::exemption::list_exemptions(state, &caller, (&school, &year, &class)).await?;
    let exemptions = all.into_iter().map(|it| answer(&school, &year, it)).collect();
    Ok(Response::new(ListExemptionsResponse { exemptions }))
}

fn answer(school: &str, year: &str, it: Exemption) -> wire::Exemption {
    let kind = match it.kind.as_str() {
        "exempt" => WireKind::Exempt,
        "special_class" => WireKind::SpecialClass,
        _ => WireKind::NotAssessed,
    };
    wire::Exemption {
        name: format!("schools/{school}/years/{year}/exemptions/{}", it.id),
        pupil: format!("schools/{school}/pupils/{}", it.pupil),
        kind: kind.into(),
        items: it.items,
        reason: it.reason,
        decided_by: format!("accounts/{}", it.decided_by),
        create_time: Some(to_timestamp(it.decided_at)),
        end_time: it.ended_at.map(to_timestamp),
    }
}
