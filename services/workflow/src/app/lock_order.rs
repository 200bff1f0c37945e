//! Orders to lock and unlock (A6.3, A10.2, A11.1).

use hocba_chassis::{Caller, Failure, Role, client, clock::new_id, page};
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use tonic::{Code, Request, Status};
use uuid::Uuid;

use super::{Ask, act, begin, keep, peer, tell, words};
use crate::{
    error::Error,
    model::lock_order::{Kind, LockOrder, may_end},
    state::State,
    store,
};

/// How soon an execution that hangs is tried again.
pub(crate) const AGAIN: Duration = Duration::seconds(5);

/// What is ordered.
#[derive(Debug)]
pub struct Order {
    /// What it does.
    pub kind: Kind,
    /// The school year's id.
    pub year: String,
    /// The semester's id; none for books.
    pub semester: Option<String>,
    /// When an unlocking ends.
    pub end_at: Option<OffsetDateTime>,
    /// The number.
    pub number: String,
    /// Why.
    pub reason: String,
}

/// ProposeLockOrder.
///
/// # Errors
/// See the contract.
pub async fn propose_lock_order<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    order: Order,
) -> Result<LockOrder, Error> {
    state.authorize(ask.caller, "ProposeLockOrder", &Resource::school(school))?;
    words("lock_order.number", &order.number, 60)?;
    words("lock_order.reason", &order.reason, 1000)?;
    let now = state.clock.now();
    let mut tx = state.begin(school).await?;
    let id = match begin(state, &mut tx, &ask, "ProposeLockOrder").await? {
        Err(id) => id,
        Ok(ticket) => {
            if order.end_at.is_some_and(|end| !may_end(end, now)) {
                return Err(Error::EndOutOfRange);
            }
            let new = LockOrder {
                id: new_id(),
                year: order.year,
                kind: order.kind.id().to_owned(),
                semester: order.semester,
                end_at: order.end_at,
                number: order.number,
                reason: order.reason,
                state: "proposed".to_owned(),
                proposed_by: ask.caller.person()?.account,
                proposed_at: now,
                decided_by: None,
                decided_at: None,
                decided_delegation: None,
                refusal: None,
                executed_by: None,
                executed_at: None,
                executed_delegation: None,
                epoch: None,
                sealed_sessions: None,
                failure: None,
                next_attempt_at: None,
            };
            store::lock_order::insert(&mut tx, school, &new).await?;
            event(state, &mut tx, ask.caller.subject(), school, &new, "proposed").await?;
            keep(&mut tx, &ticket, new.id).await?;
            new.id
        }
    };
    let order = load(&mut tx, school, id).await?;
    tx.commit().await?;
    Ok(order)
}

async fn load(tx: &mut PgConnection, school: &str, id: Uuid) -> Result<LockOrder, Error> {
    store::lock_order::get(tx, school, id)
        .await?
        .ok_or(Error::LockOrderUnknown)
}

async fn event(
    state: &State,
    tx: &mut PgConnection,
    actor: String,
    school: &str,
    order: &LockOrder,
    what: &str,
) -> Result<(), Error> {
    let facts = json!({
        "kind": order.kind, "term": order.term(school), "number": order.number, "digest": order.digest(school),
        "epoch": order.epoch, "failure": order.failure,
    });
    tell(
        state,
        tx,
        actor,
        school,
        order.name(school),
        &format!("lock_order.{what}"),
        facts,
    )
    .await
}

/// DecideLockOrder: `refusal` says why not.
///
/// # Errors
/// See the contract.
pub async fn decide_lock_order<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, id): (&str, Uuid),
    refusal: Option<String>,
    token: &str,
) -> Result<LockOrder, Error> {
    state.authorize(ask.caller, "DecideLockOrder", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    let mut order = load(&mut tx, school, id).await?;
    if let Ok(ticket) = begin(state, &mut tx, &ask, "DecideLockOrder").await? {
        if order.state != "proposed" {
            return Err(Error::AlreadyDecided);
        }
        if let Some(refusal) = &refusal {
            words("refusal", refusal, 1000)?;
        }
        let digest = order.digest(school);
        let bound = ("lock_order.decide", digest.as_str());
        let act = act(state, &mut tx, ask.caller, token, bound, &[Role::Principal]).await?;
        order.state = if refusal.is_some() { "refused" } else { "approved" }.to_owned();
        order.refusal = refusal;
        order.decided_by = Some(act.account);
        order.decided_at = Some(state.clock.now());
        order.decided_delegation = act.delegation;
        store::lock_order::step(&mut tx, school, &order).await?;
        let what = order.state.clone();
        event(state, &mut tx, ask.caller.subject(), school, &order, &what).await?;
        keep(&mut tx, &ticket, id).await?;
    }
    tx.commit().await?;
    Ok(order)
}

/// ExecuteLockOrder: the execution is recorded before lock is asked, and finishes by itself from then on.
///
/// # Errors
/// See the contract.
pub async fn execute_lock_order<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, id): (&str, Uuid),
    token: &str,
) -> Result<LockOrder, Error> {
    state.authorize(ask.caller, "ExecuteLockOrder", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    let mut order = load(&mut tx, school, id).await?;
    let Ok(ticket) = begin(state, &mut tx, &ask, "ExecuteLockOrder").await? else {
        return Ok(order);
    };
    let now = state.clock.now();
    match order.state.as_str() {
        "approved" => {}
        "proposed" | "refused" => return Err(Error::NotApproved),
        _ => return Err(Error::AlreadyExecuted),
    }
    if order.decided_by == Some(ask.caller.person()?.account) {
        return Err(Error::SamePerson);
    }
    if order.end_at.is_some_and(|end| !may_end(end, now)) {
        return Err(Error::EndOutOfRange);
    }
    let digest = order.digest(school);
    let bound = ("lock_order.execute", digest.as_str());
    let act = act(state, &mut tx, ask.caller, token, bound, &[Role::SystemAdmin]).await?;
    order.state = "executing".to_owned();
    order.executed_by = Some(act.account);
    order.executed_at = Some(now);
    order.executed_delegation = act.delegation;
    order.next_attempt_at = Some(now + AGAIN);
    store::lock_order::step(&mut tx, school, &order).await?;
    event(state, &mut tx, ask.caller.subject(), school, &order, "executing").await?;
    keep(&mut tx, &ticket, id).await?;
    tx.commit().await?;
    let caller = ask.caller;
    carry_out(state, school, id, &order, &|| client::forward(caller, ())).await
}

/// Asks lock and writes what came of it.
pub(crate) async fn carry_out(
    state: &State,
    school: &str,
    id: Uuid,
    order: &LockOrder,
    wrap: &(dyn Fn() -> Request<()> + Sync),
) -> Result<LockOrder, Error> {
    let answer = peer::execute(state, school, order, wrap).await;
    let mut tx = state.begin(school).await?;
    let mut order = load(&mut tx, school, id).await?;
    if order.state != "executing" {
        return Ok(order);
    }
    match answer {
        Ok(term) => {
            order.state = "executed".to_owned();
            order.epoch = Some(term.epoch);
            order.sealed_sessions = Some(term.sealed_session_count);
        }
        Err(status) if is_final(&status) => {
            order.state = "failed".to_owned();
            order.failure = Some(peer::reason(&status));
        }
        Err(status) => {
            tracing::warn!(code = ?status.code(), reason = peer::reason(&status), "an execution waits for lock");
            return Ok(order);
        }
    }
    order.next_attempt_at = None;
    store::lock_order::step(&mut tx, school, &order).await?;
    let (what, actor) = (order.state.clone(), order.executed_by);
    let actor = actor
        .map(|account| format!("accounts/{account}"))
        .unwrap_or_default();
    event(state, &mut tx, actor, school, &order, &what).await?;
    tx.commit().await?;
    Ok(order)
}

/// Whether lock will say the same for ever.
fn is_final(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::FailedPrecondition | Code::InvalidArgument | Code::NotFound | Code::PermissionDenied
    ) && !peer::reason(status).is_empty()
}

/// GetLockOrder.
///
/// # Errors
/// See the contract.
pub async fn get_lock_order(
    state: &State,
    caller: &Caller,
    school: &str,
    id: Uuid,
) -> Result<LockOrder, Error> {
    state.authorize(caller, "GetLockOrder", &Resource::school(school))?;
    load(&mut *state.begin(school).await?, school, id).await
}

/// ListLockOrders: the page and the token of the next.
///
/// # Errors
/// See the contract.
pub async fn list_lock_orders(
    state: &State,
    caller: &Caller,
    school: &str,
    (size, token): (i32, &str),
) -> Result<(Vec<LockOrder>, String), Error> {
    state.authorize(caller, "ListLockOrders", &Resource::school(school))?;
    let binding = format!("lockOrders {school}");
    let (before, size) = place(&binding, size, token)?;
    let mut tx = state.begin(school).await?;
    let rows = store::lock_order::page(&mut tx, school, (before, None), size + 1).await?;
    Ok(cut(&binding, rows, size, |order| order.id))
}

/// Where a list by id goes on, and how many it shows.
pub(crate) fn place(binding: &str, size: i32, token: &str) -> Result<(Option<Uuid>, i64), Failure> {
    let before = match page::position(binding, token)? {
        None => None,
        Some(text) => {
            let id = Uuid::parse_str(&text);
            Some(id.map_err(|_| Failure::bad_request("page_token", "không hợp lệ"))?)
        }
    };
    Ok((before, page::size(size)))
}

/// A page and the token of the next, of one row more than the page shows.
pub(crate) fn cut<T>(
    binding: &str,
    mut rows: Vec<T>,
    size: i64,
    id: impl Fn(&T) -> Uuid,
) -> (Vec<T>, String) {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let more = rows.len() > size;
    rows.truncate(size);
    let last = rows.last().filter(|_| more);
    let token = last
        .map(|row| page::token(binding, &id(row).to_string()))
        .unwrap_or_default();
    (rows, token)
}
