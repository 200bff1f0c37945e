//! Results of the year on the wire.

use hocba_chassis::{Caller, Failure, clock::to_timestamp, name as names};
use hocba_proto::records::{
    ConfirmYearResultsRequest, ConfirmYearResultsResponse, DecidePromotionsRequest, DecidePromotionsResponse,
    ListYearResultsRequest, ListYearResultsResponse, PromotionException, PupilYearResult,
    pupil_year_result::State as WireState,
};
use tonic::{Request, Response};

use super::{Answer, name};
use crate::{
    app::{
        self, Ask,
        year_result::{Exception, Standing},
    },
    model::{rule_set::RuleSet, year_result::candidate},
    state::State,
};

pub(super) async fn list_year_results(
    state: &State,
    request: Request<ListYearResultsRequest>,
) -> Answer<ListYearResultsResponse> {
    let caller = Caller::of(&request)?;
    let (school, year, class) = name::class("parent", &request.get_ref().parent)?;
    let (rules, standings) =
        app::year_result::list_year_results(state, &caller, &school, &year, &class).await?;
    Ok(Response::new(ListYearResultsResponse {
        results: standings
            .into_iter()
            .map(|it| result(rules, (&school, &year), it))
            .collect(),
    }))
}

pub(super) async fn confirm_year_results(
    state: &State,
    request: Request<ConfirmYearResultsRequest>,
) -> Answer<ConfirmYearResultsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.get_ref();
    let (school, year, class) = name::class("parent", &request.parent)?;
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: request,
    };
    let (rules, count, standings) =
        app::year_result::confirm_year_results(state, ask, &school, &year, &class).await?;
    Ok(Response::new(ConfirmYearResultsResponse {
        confirmed_count: i32::try_from(count).unwrap_or(i32::MAX),
        results: standings
            .into_iter()
            .map(|it| result(rules, (&school, &year), it))
            .collect(),
    }))
}

pub(super) async fn decide_promotions(
    state: &State,
    request: Request<DecidePromotionsRequest>,
) -> Answer<DecidePromotionsResponse> {
    let caller = Caller::of(&request)?;
    let mut request = request.into_inner();
    let (school, year, class) = name::class("parent", &request.parent)?;
    let exceptions = request
        .exceptions
        .iter()
        .map(|it| exception(&school, &year, it))
        .collect::<Result<Vec<_>, _>>()?;
    // The token is no part of what is repeated: a second click has a new one.
    let token = std::mem::take(&mut request.act_token);
    let ask = Ask {
        caller: &caller,
        request_id: &request.request_id,
        body: &request,
    };
    let at = (school.as_str(), year.as_str(), class.as_str());
    let (promoted, held) = app::year_result::decide_promotions(state, ask, at, &exceptions, &token).await?;
    Ok(Response::new(DecidePromotionsResponse {
        promoted_count: i32::try_from(promoted).unwrap_or(i32::MAX),
        held_back_count: i32::try_from(held).unwrap_or(i32::MAX),
    }))
}

fn exception(school: &str, year: &str, given: &PromotionException) -> Result<Exception, Failure> {
    let pattern = "schools/{school}/years/{year}/pupils/{pupil}";
    let [its_school, its_year, pupil] = names::parse("exceptions.name", pattern, &given.name)?;
    if its_school != school || its_year != year {
        return Err(Failure::bad_request(
            "exceptions.name",
            "phải thuộc năm học của lớp",
        ));
    }
    if !(1..=500).contains(&given.reason.chars().count()) {
        return Err(Failure::bad_request("exceptions.reason", "từ 1 đến 500 kí tự"));
    }
    Ok(Exception {
        pupil: names::id("exceptions.name", &pupil)?,
        promoted: given.promoted,
        reason: given.reason.clone(),
    })
}

fn result(rules: &RuleSet, (school, year): (&str, &str), standing: Standing) -> PupilYearResult {
    let state = if standing.is_stale() {
        WireState::Stale
    } else if standing.confirmed.is_some() {
        WireState::Confirmed
    } else if standing.missing > 0 {
        WireState::Incomplete
    } else {
        WireState::Derived
    };
    let confirmed = standing.standing();
    let derived = standing.derived.map(|outcome| outcome.id.as_str());
    let shown = confirmed.map(|it| it.result.as_str()).or(derived);
    let named = shown.and_then(|id| rules.result(id));
    PupilYearResult {
        name: format!("schools/{school}/years/{year}/pupils/{}", standing.pupil),
        state: state.into(),
        derived_result: derived.unwrap_or_default().to_owned(),
        confirmed_result: confirmed.map(|it| it.result.clone()).unwrap_or_default(),
        result_name: named.map(|outcome| outcome.name.clone()).unwrap_or_default(),
        missing_cell_count: i32::try_from(standing.missing).unwrap_or(i32::MAX),
        awards: standing.awards(),
        candidate_awards: confirmed
            .map(|it| candidate(rules, &it.result))
            .unwrap_or_default(),
        completed: confirmed.is_some_and(|it| it.completed),
        promotion_decided: confirmed.is_some_and(|it| it.promoted.is_some()),
        promoted: confirmed.and_then(|it| it.promoted).unwrap_or_default(),
        confirm_time: confirmed.map(|it| to_timestamp(it.confirmed_at)),
        pupil_name: standing.pupil_name.clone(),
    }
}
