//! Lock orders on the wire.

use std::mem::take;

use hocba_chassis::{
    Caller, Failure,
    clock::{from_timestamp, to_timestamp},
    name::parse,
};
use hocba_proto::{
    types::Semester,
    workflow::{
        self as wire, DecideLockOrderRequest, ExecuteLockOrderRequest, GetLockOrderRequest,
        ListLockOrdersRequest, LockOrderAct, ProposeLockOrderRequest, decide_lock_order_request::Decision,
        lock_order as parts,
    },
};
use time::OffsetDateTime;
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Answer, name};
use crate::{
    app::{self, Ask, lock_order::Order},
    model::lock_order::{Kind, LockOrder},
    state::State,
};

const ORDER: &str = "schools/{school}/lockOrders/{order}";

pub(super) async fn propose_lock_order(
    state: &State,
    request: Request<ProposeLockOrderRequest>,
) -> Answer<wire::LockOrder> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let school = name::school("parent", &request.parent)?;
    let order = order(&school, request.lock_order.clone().unwrap_or_default())?;
    let ask = Ask::of(&caller, &request.request_id, &request);
    let order = app::lock_order::propose_lock_order(state, ask, &school, order).await?;
    Ok(Response::new(answer(&school, &order)))
}

pub(super) async fn decide_lock_order(
    state: &State,
    request: Request<DecideLockOrderRequest>,
) -> Answer<wire::LockOrder> {
    let caller = Caller::of(&request)?;
    let mut request = request.into_inner();
    let token = take(&mut request.act_token);
    let (school, id) = name::child(ORDER, &request.name)?;
    let refusal = match request.decision() {
        Decision::Approve => None,
        Decision::Refuse => Some(request.refusal.clone()),
        Decision::Unspecified => {
            return Err(Failure::bad_request("decision", "phải là APPROVE hoặc REFUSE").into());
        }
    };
    let ask = Ask::of(&caller, &request.request_id, &request);
    let order = app::lock_order::decide_lock_order(state, ask, (&school, id), refusal, &token).await?;
    Ok(Response::new(answer(&school, &order)))
}

pub(super) async fn execute_lock_order(
    state: &State,
    request: Request<ExecuteLockOrderRequest>,
) -> Answer<wire::LockOrder> {
    let caller = Caller::of(&request)?;
    let mut request = request.into_inner();
    let token = take(&mut request.act_token);
    let (school, id) = name::child(ORDER, &request.name)?;
    let ask = Ask::of(&caller, &request.request_id, &request);
    let order = app::lock_order::execute_lock_order(state, ask, (&school, id), &token).await?;
    Ok(Response::new(answer(&school, &order)))
}

pub(super) async fn get_lock_order(
    state: &State,
    request: Request<GetLockOrderRequest>,
) -> Answer<wire::LockOrder> {
    let caller = Caller::of(&request)?;
    let (school, id) = name::child(ORDER, &request.get_ref().name)?;
    let order = app::lock_order::get_lock_order(state, &caller, &school, id).await?;
    Ok(Response::new(answer(&school, &order)))
}

pub(super) async fn list_lock_orders(
    state: &State,
    request: Request<ListLockOrdersRequest>,
) -> Answer<wire::ListLockOrdersResponse> {
    let caller = Caller::of(&request)?;
    let request = request.into_inner();
    let school = name::school("parent", &request.parent)?;
    let page = (request.page_size, request.page_token.as_str());
    let (orders, next_page_token) = app::lock_order::list_lock_orders(state, &caller, &school, page).await?;
    Ok(Response::new(wire::ListLockOrdersResponse {
        lock_orders: orders.iter().map(|order| answer(&school, order)).collect(),
        next_page_token,
    }))
}

/// What is ordered, whole and of this school.
fn order(school: &str, given: wire::LockOrder) -> Result<Order, Failure> {
    let kind = match given.kind() {
        parts::Kind::LockMarks => Kind::LockMarks,
        parts::Kind::UnlockMarks => Kind::UnlockMarks,
        parts::Kind::LockBooks => Kind::LockBooks,
        parts::Kind::Unspecified => {
            return Err(Failure::bad_request("lock_order.kind", "không được trống"));
        }
    };
    let [its_school, year] = parse("lock_order.year", "schools/{school}/years/{year}", &given.year)?;
    if its_school != school {
        return Err(Failure::bad_request(
            "lock_order.year",
            "phải là năm học của trường",
        ));
    }
    let semester = match given.semester() {
        Semester::One => Some("semester1".to_owned()),
        Semester::Two => Some("semester2".to_owned()),
        Semester::Unspecified => None,
    };
    if (kind == Kind::LockBooks) != semester.is_none() {
        let words = "có với lệnh về điểm, không có với lệnh về học bạ";
        return Err(Failure::bad_request("lock_order.semester", words));
    }
    let end_at = given.end_time.as_ref().and_then(from_timestamp);
    if (kind == Kind::UnlockMarks) != end_at.is_some() {
        let words = "chỉ có với lệnh mở khoá";
        return Err(Failure::bad_request("lock_order.end_time", words));
    }
    Ok(Order {
        kind,
        year,
        semester,
        end_at: end_at.map(|end| end.replace_nanosecond(0).unwrap_or(end)),
        number: given.number,
        reason: given.reason,
    })
}

fn act(account: Option<Uuid>, at: Option<OffsetDateTime>, by: Option<&String>) -> Option<LockOrderAct> {
    Some(LockOrderAct {
        account: format!("accounts/{}", account?),
        time: at.map(to_timestamp),
        delegation: by.cloned().unwrap_or_default(),
    })
}

fn answer(school: &str, order: &LockOrder) -> wire::LockOrder {
    let kind = match Kind::parse(&order.kind) {
        Some(Kind::LockMarks) => parts::Kind::LockMarks,
        Some(Kind::UnlockMarks) => parts::Kind::UnlockMarks,
        Some(Kind::LockBooks) => parts::Kind::LockBooks,
        None => parts::Kind::Unspecified,
    };
    let state = match order.state.as_str() {
        "proposed" => parts::State::Proposed,
        "approved" => parts::State::Approved,
        "refused" => parts::State::Refused,
        "executing" => parts::State::Executing,
        "executed" => parts::State::Executed,
        "failed" => parts::State::Failed,
        _ => parts::State::Unspecified,
    };
    let semester = match order.semester.as_deref() {
        Some("semester1") => Semester::One,
        Some(_) => Semester::Two,
        None => Semester::Unspecified,
    };
    let decision = act(
        order.decided_by,
        order.decided_at,
        order.decided_delegation.as_ref(),
    );
    let execution = act(
        order.executed_by,
        order.executed_at,
        order.executed_delegation.as_ref(),
    );
    wire::LockOrder {
        name: order.name(school),
        kind: kind.into(),
        year: format!("schools/{school}/years/{}", order.year),
        semester: semester.into(),
        end_time: order.end_at.map(to_timestamp),
        number: order.number.clone(),
        reason: order.reason.clone(),
        digest: order.digest(school),
        state: state.into(),
        proposal: act(Some(order.proposed_by), Some(order.proposed_at), None),
        decision,
        execution,
        refusal: order.refusal.clone().unwrap_or_default(),
        epoch: order.epoch.unwrap_or_default(),
        sealed_session_count: order.sealed_sessions.unwrap_or_default(),
        failure: order.failure.clone().unwrap_or_default(),
        next_attempt_time: order.next_attempt_at.map(to_timestamp),
    }
}
