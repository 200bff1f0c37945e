//! Showing terms, and what the changes of terms share.

use std::time::Duration;

use futures::{Stream, stream};
use hocba_chassis::{
    Caller, Failure, database,
    once::{self, Once},
};
use hocba_policy::Resource;
use hocba_proto::lock;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tonic::Code;

use crate::{
    Error, State,
    model::{name::TermName, term::Term},
    rpc,
    store::{self, term::Access},
    wire,
};

/// How late a watcher learns of a change without Redis.
const POLL: Duration = Duration::from_secs(2);

/// Shows a term.
///
/// # Errors
/// See the contract.
pub async fn get_term(state: &State, caller: &Caller, name: &TermName) -> Result<lock::Term, Error> {
    state
        .policy
        .authorize(caller, rpc::GET_TERM, &Resource::school(name.school()))?;
    match read(state, name).await {
        // Our database is away: what Redis last heard is better than nothing, for showing.
        Err(Error::Failure(failure)) if failure.code() == Code::Unavailable => {
            state.mirror.read(name).await.ok_or(Error::Failure(failure))
        }
        read => read,
    }
}

/// Streams a term: as it is, then every change. Ends when the caller's token is no longer good.
///
/// # Errors
/// See the contract.
pub async fn watch_term(
    state: &State,
    caller: &Caller,
    name: TermName,
) -> Result<impl Stream<Item = Result<lock::Term, Error>> + use<>, Error> {
    state
        .policy
        .authorize(caller, rpc::WATCH_TERM, &Resource::school(name.school()))?;
    let token = caller.person.as_ref().map(|person| person.token.clone());
    let watch = Watch {
        changed: state.changed.subscribe(),
        state: state.clone(),
        name,
        token,
        last: None,
    };
    Ok(stream::try_unfold(watch, |mut watch| async move {
        Ok(watch.next().await?.map(|term| (term, watch)))
    }))
}

struct Watch {
    state: State,
    name: TermName,
    token: Option<String>,
    changed: Receiver<TermName>,
    last: Option<lock::Term>,
}

impl Watch {
    async fn next(&mut self) -> Result<Option<lock::Term>, Error> {
        loop {
            if self.last.is_some() {
                self.wait().await;
            }
            if let Some(token) = &self.token
                && self.state.tokens.person(token).await.is_err()
            {
                return Ok(None);
            }
            let term = read(&self.state, &self.name).await?;
            if self.last.as_ref() != Some(&term) {
                self.last = Some(term.clone());
                return Ok(Some(term));
            }
        }
    }

    /// Until the term is said to have changed, or long enough.
    async fn wait(&mut self) {
        let heard = async {
            loop {
                match self.changed.recv().await {
                    Ok(name) if name == self.name => return,
                    Ok(_) => {}
                    // Missed some: look.
                    Err(RecvError::Lagged(_)) => return,
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        // Out of time is as good a reason to look as any.
        drop(tokio::time::timeout(POLL, heard).await);
    }
}

/// How many entry sessions are open in a term.
///
/// # Errors
/// See the contract.
pub async fn count_open_sessions(state: &State, caller: &Caller, name: &TermName) -> Result<i32, Error> {
    state
        .policy
        .authorize(caller, rpc::COUNT_OPEN_SESSIONS, &Resource::school(name.school()))?;
    let mut count = 0;
    for guard in name.guards() {
        let there = state.guards.count_open_sessions(guard, name).await;
        count += there.map_err(|_| Failure::away(guard.as_str()))?;
    }
    Ok(count)
}

async fn read(state: &State, name: &TermName) -> Result<lock::Term, Error> {
    let mut tx = database::begin(&state.pool, name.school()).await?;
    let term = store::term::load(&mut tx, name, Access::Show).await?;
    Ok(wire::term(name, &term, state.clock.now()))
}

/// A term whose change stands everywhere; FENCE_PENDING otherwise.
pub(super) fn standing(term: Term) -> Result<Term, Error> {
    match &term.intent {
        None => Ok(term),
        Some(intent) => Err(Error::Pending(intent.target.epoch)),
    }
}

/// What identifies a call: method, request_id and body.
pub(super) type Call<'a, M> = (&'static str, &'a str, &'a M);

/// The first answer of a repeated call. The id is only looked at: it is taken together with the answer, so
/// that a call that failed or is pending may be repeated.
pub(super) async fn answered<M: prost::Message, A: prost::Message + Default>(
    state: &State,
    caller: &Caller,
    name: &TermName,
    (rpc, request_id, body): Call<'_, M>,
) -> Result<Option<A>, Error> {
    let mut tx = database::begin(&state.pool, name.school()).await?;
    match once::begin(&mut tx, caller, rpc, request_id, body, state.clock.now()).await? {
        Once::First(_) => Ok(None),
        Once::Again(bytes) => Ok(Some(once::again(&bytes)?)),
    }
}

/// Remembers the answer of a call, or answers what a twin of it has remembered first.
pub(super) async fn answer<M: prost::Message, A: prost::Message + Default>(
    state: &State,
    caller: &Caller,
    name: &TermName,
    (rpc, request_id, body): Call<'_, M>,
    answer: A,
) -> Result<A, Error> {
    let mut tx = database::begin(&state.pool, name.school()).await?;
    match once::begin(&mut tx, caller, rpc, request_id, body, state.clock.now()).await? {
        Once::First(ticket) => {
            once::finish(&mut tx, &ticket, &answer).await?;
            tx.commit().await?;
            Ok(answer)
        }
        Once::Again(bytes) => Ok(once::again(&bytes)?),
    }
}
