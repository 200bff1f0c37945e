//! What all watches share: they wait for the school's feed, show that they live, and end with the caller's right.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hocba_chassis::Caller;
use tokio::sync::watch::Receiver;

use crate::{error::Error, state::State};

/// A watch says something at least so often.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How late a watch ends after its token or sign-in.
const CHECK: Duration = Duration::from_secs(1);

/// Somebody who watches a school.
pub(crate) struct Watch {
    pub(crate) state: Arc<State>,
    pub(crate) school: String,
    token: Option<String>,
    pulse: Receiver<i64>,
    /// When something was said last; never before the first message.
    said: Option<Instant>,
}

impl Watch {
    /// Begins for a caller who was judged.
    pub(crate) fn new(state: &Arc<State>, caller: &Caller, school: &str) -> Self {
        Self {
            pulse: state.pulse.of(school),
            state: Arc::clone(state),
            school: school.to_owned(),
            token: caller.person.as_ref().map(|person| person.token.clone()),
            said: None,
        }
    }

    /// Waits until it is time to look: at once the first time, then when the feed is past `seen` or has been silent
    /// for long. Fails when the caller's token is no longer good.
    pub(crate) async fn time_to_look(&mut self, seen: i64) -> Result<(), Error> {
        loop {
            if let Some(token) = &self.token {
                self.state.tokens.person(token).await?;
            }
            if *self.pulse.borrow_and_update() > seen || self.is_silent() {
                return Ok(());
            }
            // Out of time is as good a reason to look at the token again as a beat.
            drop(tokio::time::timeout(CHECK, self.pulse.changed()).await);
        }
    }

    /// Whether it is time to say something, be it nothing new.
    pub(crate) fn is_silent(&self) -> bool {
        self.said.is_none_or(|at| at.elapsed() >= HEARTBEAT)
    }

    /// Something is being said.
    pub(crate) fn says(&mut self) {
        self.said = Some(Instant::now());
    }
}
