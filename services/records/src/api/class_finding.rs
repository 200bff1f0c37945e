//! Findings in a class's books on the wire.

use hocba_chassis::{Caller, Failure, clock::to_timestamp, name as names};
use hocba_proto::records::{
    self as wire, CreateClassFindingRequest, ListClassFindingsRequest, ListClassFindingsResponse,
    SettleClassFindingRequest, class_finding::State as WireState,
};
use tonic::{Request, Response};

use super::{Answer, name, pupil};
use crate::{
    app::{self, Ask},
    state::State,
    store::class_finding::ClassFinding,
};

pub(super) async fn create_class_finding(
    state: &State,
    request: Request<CreateClassFindingRequest>,
) -> Answer<wire::ClassFinding> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year, class) = name::class("parent", &request.parent)?;
    let given = request.class_finding.clone().unwrap_or_default();
    let pupil = match given.pupil.as_str() {
        "" => None,
        text => {
            let (of, id) = name::child("class_finding.pupil", pupil::PATTERN, text)?;
            if of != school {
                return Err(Failure::bad_request("class_finding.pupil", "không thuộc trường này").into());
            }
            Some(id)
        }
    };
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let at = (school.as_str(), year.as_str(), class.as_str());
    let made = app::class_finding::create_class_finding(state, ask, at, pupil, &given.words).await?;
    Ok(Response::new(answer(&school, &year, made)))
}

pub(super) async fn settle_class_finding(
    state: &State,
    request: Request<SettleClassFindingRequest>,
) -> Answer<wire::ClassFinding> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let pattern = "schools/{school}/years/{year}/classes/{class}/findings/{finding}";
    let [school, year, class, id] = names::parse("name", pattern, &request.name)?;
    name::year_id("name", &year)?;
    let id = names::id("name", &id)?;
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let at = (school.as_str(), year.as_str(), class.as_str());
    let settled = app::class_finding::settle_class_finding(state, ask, at, id, &request.settlement).await?;
    Ok(Response::new(answer(&school, &year, settled)))
}

pub(super) async fn list_class_findings(
    state: &State,
    request: Request<ListClassFindingsRequest>,
) -> Answer<ListClassFindingsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year) = name::year("parent", &request.parent)?;
    let class = name::class_of_year("class", (&school, &year), &request.class)?;
    let at = (school.as_str(), year.as_str());
    let open = request.open_only;
    let found = app::class_finding::list_class_findings(state, &caller, at, class.as_deref(), open).await?;
    Ok(Response::new(ListClassFindingsResponse {
        class_findings: found.into_iter().map(|it| answer(&school, &year, it)).collect(),
    }))
}

fn answer(school: &str, year: &str, it: ClassFinding) -> wire::ClassFinding {
    let state = match it.settlement {
        Some(_) => WireState::Settled,
        None => WireState::Open,
    };
    let (settlement, settler, settle_time) = match it.settlement {
        Some(done) => (
            done.words,
            format!("accounts/{}", done.by),
            Some(to_timestamp(done.at)),
        ),
        None => Default::default(),
    };
    wire::ClassFinding {
        name: format!(
            "schools/{school}/years/{year}/classes/{}/findings/{}",
            it.class, it.id
        ),
        state: state.into(),
        pupil: it
            .pupil
            .map(|pupil| format!("schools/{school}/pupils/{pupil}"))
            .unwrap_or_default(),
        words: it.words,
        finder: format!("accounts/{}", it.by),
        create_time: Some(to_timestamp(it.at)),
        settlement,
        settler,
        settle_time,
    }
}
