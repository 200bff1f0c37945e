//! Held sessions: the drafts of a suspended account wait for the principal's judgement (A4.2b).

use hocba_chassis::Caller;
use hocba_policy::Resource;
use prost::Message;
use serde_json::json;
use uuid::Uuid;

use super::{
    Ask, Turn,
    entry_session::{Stay, address, stay, term},
    keep, tell, turn,
};
use crate::{
    error::Error,
    state::State,
    store::{
        mark::{self, Receipt},
        session,
    },
};

/// What shall become of the drafts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The teacher goes on.
    Release,
    /// What is filled is sealed.
    Seal,
    /// The drafts are thrown away.
    Discard,
}

impl Verdict {
    const fn id(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Seal => "seal",
            Self::Discard => "discard",
        }
    }
}

/// ListHeldSessions.
pub async fn list_held_sessions(state: &State, caller: &Caller, school: &str) -> Result<Vec<Stay>, Error> {
    state.authorize(caller, "ListHeldSessions", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    let mut stays = Vec::new();
    for found in session::list_held(&mut tx, school).await? {
        stays.push(stay(state, &mut tx, school, found).await?);
    }
    Ok(stays)
}

/// JudgeHeldSession. Discarding writes no mark, so a locked term does not stand in its way.
pub async fn judge_held_session<M: Message>(
    state: &State,
    ask: Ask<'_, M>,
    (school, id): (&str, Uuid),
    verdict: Verdict,
    reason: &str,
) -> Result<(Stay, Option<Receipt>), Error> {
    state.authorize(ask.caller, "JudgeHeldSession", &Resource::school(school))?;
    let mut tx = state.begin(school).await?;
    if let Turn::New(ticket) = turn(state, &mut tx, &ask, "JudgeHeldSession").await? {
        let found = session::get(&mut tx, school, id).await?;
        let at = address(school, &found)?;
        let (by, now) = (ask.caller.person()?.account, state.clock.now());
        let drafts = session::judge(&mut tx, school, id, (verdict.id(), reason), (by, now))
            .await?
            .ok_or(Error::SessionNotHeld)?;
        match verdict {
            Verdict::Seal => {
                let epoch = hocba_fence::check(&mut tx, &term(school, &at.year, at.period)).await?;
                let actor = ask.caller.subject();
                mark::seal(&mut tx, school, id, "judgement", epoch, &actor, now)
                    .await?
                    .ok_or(Error::SessionOver)?;
            }
            Verdict::Release => {
                hocba_fence::check(&mut tx, &term(school, &at.year, at.period)).await?;
            }
            Verdict::Discard => {}
        }
        let subject = format!("schools/{school}/entrySessions/{id}");
        let facts = json!({"verdict": verdict.id(), "drafts": drafts});
        tell(
            state,
            &mut tx,
            ask.caller,
            school,
            subject,
            "entry_session.judged",
            facts,
        )
        .await?;
        keep(&mut tx, &ticket, &id.to_string()).await?;
    }
    let found = session::get(&mut tx, school, id).await?;
    let receipt = match found.receipt {
        Some(receipt) => Some(mark::receipt(&mut tx, school, receipt).await?),
        None => None,
    };
    let stay = stay(state, &mut tx, school, found).await?;
    tx.commit().await?;
    Ok((stay, receipt))
}
