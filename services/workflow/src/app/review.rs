//! Approvals of a class's results (A6.5).

use hocba_chassis::{Caller, Role, clock::new_id};
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Ask, act, begin, keep,
    lock_order::{AGAIN, cut, place},
    peer, tell, words,
};
use crate::{error::Error, model::review::Review, state::State, store};

async fn load(state: &State, tx: &mut PgConnection, school: &str, id: Uuid) -> Result<Review, Error> {
    store::review::get(tx, &state.seals, school, id)
        .await?
        .ok_or(Error::ReviewUnknown)
}

/// CreateReview.
///
/// # Errors
/// See the contract.
pub async fn create_review<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    school: &str,
    class: String,
) -> Result<Review, Error> {
    state.authorize(ask.caller, "CreateReview", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    let id = match begin(state, &mut tx, &ask, "CreateReview").await? {
        Err(id) => id,
        Ok(ticket) => {
            let new = Review {
                id: new_id(),
                class,
                state: "open".to_owned(),
                created_by: ask.caller.person()?.account,
                created_at: state.clock.now(),
                decided_by: None,
                decided_at: None,
                note: String::new(),
                tell_at: None,
            };
            store::review::insert(&mut tx, school, &new).await?;
            let facts = json!({"class": new.class});
            tell(
                state,
                &mut tx,
                ask.caller.subject(),
                school,
                new.name(school),
                "review.created",
                facts,
            )
            .await?;
            keep(&mut tx, &ticket, new.id).await?;
            new.id
        }
    };
    let review = load(state, &mut tx, school, id).await?;
    tx.commit().await?;
    Ok(review)
}

/// DecideReview: `note` says why it is returned.
///
/// # Errors
/// See the contract.
pub async fn decide_review<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, id): (&str, Uuid),
    note: Option<String>,
    token: &str,
) -> Result<Review, Error> {
    state.authorize(ask.caller, "DecideReview", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    let mut review = load(state, &mut tx, school, id).await?;
    let Ok(ticket) = begin(state, &mut tx, &ask, "DecideReview").await? else {
        return Ok(review);
    };
    if review.state != "open" {
        return Err(Error::AlreadyDecided);
    }
    if let Some(note) = &note {
        words("note", note, 1000)?;
    }
    let digest = review.digest(school);
    let roles = [Role::Principal, Role::VicePrincipal];
    let act = act(
        state,
        &mut tx,
        ask.caller,
        token,
        ("review.decide", &digest),
        &roles,
    )
    .await?;
    let now = state.clock.now();
    review.state = if note.is_some() { "returned" } else { "approved" }.to_owned();
    review.note = note.unwrap_or_default();
    review.decided_by = Some(act.account);
    review.decided_at = Some(now);
    // Told at once below; should that fail, by `finish` from then on.
    review.tell_at = Some(now + AGAIN);
    store::review::decide(&mut tx, &state.seals, school, &review, act.delegation.as_deref()).await?;
    let facts = json!({"class": review.class, "digest": digest});
    let kind = format!("review.{}", review.state);
    tell(
        state,
        &mut tx,
        ask.caller.subject(),
        school,
        review.name(school),
        &kind,
        facts,
    )
    .await?;
    keep(&mut tx, &ticket, id).await?;
    tx.commit().await?;
    tell_archive(state, school, review).await
}

/// Tells the archive of a decision; answers the review as it stands then.
pub(crate) async fn tell_archive(state: &State, school: &str, mut review: Review) -> Result<Review, Error> {
    match peer::record_approval(state, school, &review).await {
        Ok(()) => {
            let mut tx = state.begin(school).await?;
            store::review::told(&mut tx, school, review.id).await?;
            tx.commit().await?;
            review.tell_at = None;
        }
        Err(status) => tracing::warn!(code = ?status.code(), "the archive did not hear of a decision yet"),
    }
    Ok(review)
}

/// GetReview.
///
/// # Errors
/// See the contract.
pub async fn get_review(state: &State, caller: &Caller, school: &str, id: Uuid) -> Result<Review, Error> {
    state.authorize(caller, "GetReview", &Resource::school(school))?;
    load(state, &mut *state.begin(school).await?, school, id).await
}

/// ListReviews: the page and the token of the next.
///
/// # Errors
/// See the contract.
pub async fn list_reviews(
    state: &State,
    caller: &Caller,
    school: &str,
    (size, token): (i32, &str),
) -> Result<(Vec<Review>, String), Error> {
    state.authorize(caller, "ListReviews", &Resource::school(school))?;
    let binding = format!("reviews {school}");
    let (before, size) = place(&binding, size, token)?;
    let mut tx = state.begin(school).await?;
    let rows = store::review::page(&mut tx, &state.seals, school, (before, None), size + 1).await?;
    Ok(cut(&binding, rows, size, |review| review.id))
}
