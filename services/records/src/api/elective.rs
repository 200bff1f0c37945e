//! Electives on the wire.

use hocba_chassis::{Caller, Failure, name as names};
use hocba_proto::records::{
    self as wire, ListElectivesRequest, ListElectivesResponse, UpdateElectiveRequest,
};
use tonic::{Request, Response};

use super::{Answer, draft::pupil_of, name};
use crate::{
    app::{self, Ask},
    state::State,
    store::need::Elective,
};

pub(super) async fn update_elective(
    state: &State,
    request: Request<UpdateElectiveRequest>,
) -> Answer<wire::Elective> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let given = request.elective.clone().unwrap_or_default();
    let pattern = "schools/{school}/years/{year}/classes/{class}/electives/{item}";
    let [school, year, class, item] = names::parse("elective.name", pattern, &given.name)?;
    name::year_id("elective.name", &year)?;
    if given.pupils.len() > 100 || (given.whole_class && !given.pupils.is_empty()) {
        let words = "cả lớp hoặc danh sách nhiều nhất 100 học sinh";
        return Err(Failure::bad_request("elective.pupils", words).into());
    }
    let pupils = given
        .pupils
        .iter()
        .map(|pupil| pupil_of(&school, "elective.pupils", pupil));
    let pupils = pupils.collect::<Result<Vec<_>, _>>()?;
    let new = Elective {
        class,
        item: item.to_uppercase(),
        pupils: (!given.whole_class).then_some(pupils),
        etag: if given.etag.is_empty() {
            0
        } else {
            given.etag.parse().unwrap_or(-1)
        },
    };
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let now = app::elective::update_elective(state, ask, (&school, &year), new).await?;
    Ok(Response::new(answer(&school, &year, now)))
}

pub(super) async fn list_electives(
    state: &State,
    request: Request<ListElectivesRequest>,
) -> Answer<ListElectivesResponse> {
    let caller = Caller::of(&request)?;
    let (school, year, class) = name::class("parent", &request.get_ref().parent)?;
    let all = app::elective::list_electives(state, &caller, (&school, &year, &class)).await?;
    let electives = all.into_iter().map(|it| answer(&school, &year, it)).collect();
    Ok(Response::new(ListElectivesResponse { electives }))
}

fn answer(school: &str, year: &str, it: Elective) -> wire::Elective {
    wire::Elective {
        name: format!(
            "schools/{school}/years/{year}/classes/{}/electives/{}",
            it.class,
            it.item.to_lowercase()
        ),
        whole_class: it.pupils.is_none(),
        pupils: it
            .pupils
            .unwrap_or_default()
            .into_iter()
            .map(|pupil| format!("schools/{school}/pupils/{pupil}"))
            .collect(),
        etag: it.etag.to_string(),
    }
}
