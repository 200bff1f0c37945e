//! ListAccountEvents, and what we make of the feed ourselves.

use std::{sync::Arc, time::Duration};

use hocba_chassis::caller::Caller;
use hocba_policy::Resource;

use crate::{
    error::Result,
    model::{
        account_event::{AccountEvent, Kind},
        home::Home,
    },
    state::State,
    store,
};

/// Answers the events after a number.
pub async fn list_account_events(
    state: &State,
    caller: &Caller,
    after: i64,
    limit: i32,
) -> Result<Vec<AccountEvent>> {
    const RPC: &str = "hocba.identity.v1.IdentityInternalService/ListAccountEvents";
    state.policy.authorize(caller, RPC, &Resource::deployment())?;
    let mut db = state.begin(&Home::Deployment).await?;
    store::account_event::after(&mut db, after, limit).await
}

/// How often we read our own feed.
const POLL: Duration = Duration::from_secs(1);
/// How many events at once.
const PAGE: i32 = 500;

/// Follows our own feed, so that a sign-in that another replica ended is refused here too.
pub async fn follow(state: Arc<State>) {
    let mut turns = tokio::time::interval(POLL);
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut after = 0;
    loop {
        turns.tick().await;
        match step(&state, after).await {
            Ok(last) => after = last,
            Err(error) => tracing::warn!(%error, "the own feed is tried again"),
        }
    }
}

async fn step(state: &State, mut after: i64) -> Result<i64> {
    loop {
        let mut db = state.begin(&Home::Deployment).await?;
        let events = store::account_event::after(&mut db, after, PAGE).await?;
        drop(db);
        if events.is_empty() {
            return Ok(after);
        }
        for event in events {
            after = event.sequence;
            match (event.kind, event.sign_in) {
                (Kind::SignInEnded, Some(sign_in)) => state.tokens.end_sign_in(sign_in),
                (Kind::AccountSuspended, _) => state.tokens.set_suspended(event.account, true),
                (Kind::AccountRestored, _) => state.tokens.set_suspended(event.account, false),
                (Kind::SignInEnded, None) | (Kind::RolesChanged, _) => {}
            }
        }
    }
}
