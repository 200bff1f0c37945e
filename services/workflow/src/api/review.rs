//! Reviews on the wire.

use std::mem::take;

use hocba_chassis::{Caller, Failure, clock::to_timestamp};
use hocba_proto::workflow::{
    self as wire, CreateReviewRequest, DecideReviewRequest, GetReviewRequest, ListReviewsRequest,
    decide_review_request::Decision, review as parts,
};
use tonic::{Request, Response};

use super::{Answer, name};
use crate::{
    app::{self, Ask},
    model::review::Review,
    state::State,
};

const REVIEW: &str = "schools/{school}/reviews/{review}";

pub(super) async fn create_review(
    state: &State,
    request: Request<CreateReviewRequest>,
) -> Answer<wire::Review> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let school = name::school("parent", &request.parent)?;
    let given = request.review.clone().unwrap_or_default();
    let class = name::class(&school, &given.class)?;
    let ask = Ask::of(&caller, &request.request_id, &request);
    let review = app::review::create_review(state, ask, &school, class).await?;
    Ok(Response::new(answer(&school, &review)))
}

pub(super) async fn decide_review(
    state: &State,
    request: Request<DecideReviewRequest>,
) -> Answer<wire::Review> {
    let caller = Caller::of(&request)?;
    let mut request = request.into_inner();
    let token = take(&mut request.act_token);
    let (school, id) = name::child(REVIEW, &request.name)?;
    let note = match request.decision() {
        Decision::Approve => None,
        Decision::Return => Some(request.note.clone()),
        Decision::Unspecified => {
            return Err(Failure::bad_request("decision", "phải là APPROVE hoặc RETURN").into());
        }
    };
    let ask = Ask::of(&caller, &request.request_id, &request);
    let review = app::review::decide_review(state, ask, (&school, id), note, &token).await?;
    Ok(Response::new(answer(&school, &review)))
}

pub(super) async fn get_review(state: &State, request: Request<GetReviewRequest>) -> Answer<wire::Review> {
    let caller = Caller::of(&request)?;
    let (school, id) = name::child(REVIEW, &request.get_ref().name)?;
    let review = app::review::get_review(state, &caller, &school, id).await?;
    Ok(Response::new(answer(&school, &review)))
}

pub(super) async fn list_reviews(
    state: &State,
    request: Request<ListReviewsRequest>,
) -> Answer<wire::ListReviewsResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let school = name::school("parent", &request.parent)?;
    let page = (request.page_size, request.page_token.as_str());
    let (reviews, next_page_token) = app::review::list_reviews(state, &caller, &school, page).await?;
    Ok(Response::new(wire::ListReviewsResponse {
        reviews: reviews.iter().map(|review| answer(&school, review)).collect(),
        next_page_token,
    }))
}

fn answer(school: &str, it: &Review) -> wire::Review {
    let state = match it.state.as_str() {
        "open" => parts::State::Open,
        "approved" => parts::State::Approved,
        "returned" => parts::State::Returned,
        _ => parts::State::Unspecified,
    };
    wire::Review {
        name: it.name(school),
        class: it.class.clone(),
        state: state.into(),
        digest: it.digest(school),
        creator: format!("accounts/{}", it.created_by),
        create_time: Some(to_timestamp(it.created_at)),
        decider: it
            .decided_by
            .map(|account| format!("accounts/{account}"))
            .unwrap_or_default(),
        decide_time: it.decided_at.map(to_timestamp),
        note: it.note.clone(),
        recorded: it.decided_by.is_some() && it.tell_at.is_none(),
    }
}
