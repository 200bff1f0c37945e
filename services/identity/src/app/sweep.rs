//! What ends by itself: sign-ins and recoveries whose time is over, roles and delegations whose last day has passed. Every
//! replica sweeps; the statements make sure that each end is told once.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use time::Duration as Span;

use super::{recovery::expire, sign_in::told_ended};
use crate::{
    error::Result,
    model::{account_event::Kind, attempt::Attempts, day, home::Home, sign_in::EndCause},
    state::State,
    store,
};

/// How often.
const PAUSE: Duration = Duration::from_secs(5);
/// How long the feed is kept: the contract of ListAccountEvents.
const KEEP: Span = Span::hours(24);

/// Sweeps until it is dropped. A failure is told and tried again with the next round.
pub async fn run(state: Arc<State>) {
    let mut turns = tokio::time::interval(PAUSE);
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        turns.tick().await;
        if let Err(error) = sweep(&state).await {
            tracing::warn!(%error, "sweep failed; trying again");
        }
    }
}

/// One round.
pub async fn sweep(state: &State) -> Result<()> {
    let now = state.clock.now();
    let today = day::of(now);
    let mut db = state.begin(&Home::Deployment).await?;
    let lapsed = store::sign_in::lapsed(&mut db, now).await?;
    let recoveries = store::recovery::lapsed(&mut db, now).await?;
    let homes = store::sign_in::homes_with_lapsed_roles(&mut db, today).await?;
    store::attempt::forget(&mut db, Attempts::forgotten_before(now)).await?;
    store::account_event::forget(&mut db, now - KEEP).await?;
    store::integrator::forget_assertions(&mut db, now).await?;
    db.commit().await?;
    for (home, sign_in) in lapsed {
        let mut tx = state.begin(&home).await?;
        if let Some(account) = store::sign_in::end_lapsed(&mut tx, &home, sign_in, now).await? {
            told_ended(state, &mut tx, &home, account, sign_in, EndCause::Expired, None).await?;
            store::account_event::put(&mut tx, &home, Kind::SignInEnded, account, Some(sign_in), now).await?;
        }
        tx.commit().await?;
    }
    for (home, recovery) in recoveries {
        let mut tx = state.begin(&home).await?;
        expire(state, &mut tx, &home, recovery, now).await?;
        tx.commit().await?;
    }
    for home in homes {
        let mut tx = state.begin(&home).await?;
        let mut whose: BTreeSet<_> = store::role_binding::tell_lapsed(&mut tx, &home, today, now)
            .await?
            .into_iter()
            .collect();
        whose.extend(store::staff_group_role::tell_lapsed(&mut tx, &home, today, now).await?);
        whose.extend(store::delegation::tell_lapsed(&mut tx, &home, today, now).await?);
        for account in whose {
            store::account_event::put(&mut tx, &home, Kind::RolesChanged, account, None, now).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}
