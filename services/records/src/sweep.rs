//! What ends sessions without a call: the grace time, ended sign-ins, suspensions (A4.2b).

use std::{sync::Arc, time::Duration};

use hocba_chassis::Failure;
use hocba_proto::identity::{AccountEvent, account_event::Kind};
use uuid::Uuid;

use crate::{app::entry_session, error::Error, state::State, store::session};

/// How often the sweeper looks for sessions past their grace.
const LOOK: Duration = Duration::from_secs(15);

/// Seals sessions past their grace, for ever.
pub async fn grace(state: Arc<State>) {
    loop {
        if let Err(error) = end_all(&state, None, "grace").await {
            tracing::warn!(%error, "the sweeper tries again");
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Seals an ended sign-in's sessions; holds a suspended account's.
pub async fn account_event(state: &State, event: &AccountEvent) -> Result<(), Failure> {
    let id = |text: &str| {
        text.parse::<Uuid>()
            .map_err(|_| Failure::internal("an id of the feed is none"))
    };
    match event.kind() {
        Kind::SignInEnded => end_all(state, Some(id(&event.sign_in)?), "sign_out").await?,
        Kind::AccountSuspended => {
            session::hold(&state.pool, id(&event.account)?).await?;
        }
        Kind::AccountRestored | Kind::RolesChanged | Kind::Unspecified => {}
    }
    Ok(())
}

async fn end_all(state: &State, sign_in: Option<Uuid>, cause: &str) -> Result<(), Error> {
    for (school, id) in session::to_end(&state.pool, sign_in, state.clock.now()).await? {
        match entry_session::end(state, &school, id, cause).await {
            Ok(()) => {}
            // The lock sealed it in between, or is about to.
            Err(Error::Fence(hocba_fence::Error::Refused(refusal))) => {
                tracing::info!(session = %id, %refusal, "a session ends with its term");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
