//! Carries decisions into the guards. A decision is saved before anything is asked of a guard, and every
//! answer is saved before the next step: whoever dies in between, [`super::resume`] goes on from there.

use futures::future::join_all;
use hocba_chassis::{database, outbox, outbox::Event};
use serde_json::json;
use time::OffsetDateTime;
use tracing::Instrument as _;

use crate::{
    Error, State,
    model::{
        change::{Command, Effect, apply},
        name::TermName,
        scope::Fate,
        term::{Cause, Mode, Term},
    },
    store::{self, term::Access},
    wire,
};

/// How often a guard that knows a higher epoch is asked again with one above it.
const ROUNDS: usize = 3;

/// Decides a command, saves it, carries it out, and answers the term as it stands then: with an intent left
/// when a guard did not answer. Goes on when the caller stops waiting.
///
/// # Errors
/// The refusal, or our database's failure.
pub async fn change(state: &State, name: &TermName, actor: &str, command: Command) -> Result<Term, Error> {
    let (state, name, actor) = (state.clone(), name.clone(), actor.to_owned());
    let work = async move {
        let (term, effects) = step(&state, &name, &actor, command).await?;
        carry_out(&state, &name, &actor, term, effects).await
    };
    tokio::spawn(work.in_current_span())
        .await
        .map_err(|error| Error::Failure(hocba_chassis::Failure::internal(error)))?
}

async fn carry_out(
    state: &State,
    name: &TermName,
    actor: &str,
    mut term: Term,
    mut effects: Vec<Effect>,
) -> Result<Term, Error> {
    for _ in 0..ROUNDS {
        let installs = effects.drain(..).filter_map(|effect| match effect {
            Effect::Install(database, fence) => Some((database, fence)),
            Effect::Acknowledge(_) => None,
        });
        let answers = join_all(installs.map(async |(database, fence)| {
            let answer = state.guards.install(database, name, &fence).await;
            (database, fence.epoch, answer)
        }))
        .await;
        for (database, asked, answer) in answers {
            let answer = match answer {
                Ok(answer) => answer,
                Err(status) => {
                    tracing::warn!(guard = database.as_str(), code = ?status.code(), term = %name, "fence not installed yet");
                    continue;
                }
            };
            let command = Command::Installed {
                database,
                asked,
                in_force: answer.epoch,
                sealed_sessions: u32::try_from(answer.sealed_session_count).unwrap_or(0),
            };
            let more;
            (term, more) = step(state, name, actor, command).await?;
            effects.extend(more);
        }
        if effects.is_empty() {
            break;
        }
    }
    Ok(term)
}

/// One step of the state machine in one transaction, with the events of what it acknowledges.
pub(super) async fn step(
    state: &State,
    name: &TermName,
    actor: &str,
    command: Command,
) -> Result<(Term, Vec<Effect>), Error> {
    let now = state.clock.now();
    let mut tx = database::begin(&state.pool, name.school()).await?;
    let before = store::term::load(&mut tx, name, Access::Change).await?;
    let used = matches!(command, Command::ReportScopeUsed { .. });
    let (term, effects) = apply(before.clone(), now, command)?;
    if term != before {
        store::term::save(&mut tx, name, &term, now).await?;
        for event in events(name, &before, &term, &effects, actor) {
            outbox::put(&mut tx, &event, now).await?;
        }
    }
    tx.commit().await?;
    let acknowledged = effects
        .iter()
        .any(|effect| matches!(effect, Effect::Acknowledge(_)));
    if acknowledged || (used && term != before) {
        tell(state, name, &term, now);
    }
    Ok((term, effects))
}

/// Wakes watchers here and elsewhere.
fn tell(state: &State, name: &TermName, term: &Term, now: OffsetDateTime) {
    state.mirror.publish(name, wire::term(name, term, now));
    // Nobody watching is no error.
    drop(state.changed.send(name.clone()));
}

fn events(name: &TermName, before: &Term, term: &Term, effects: &[Effect], actor: &str) -> Vec<Event> {
    let event = |kind: &str, facts: serde_json::Value| Event {
        school: name.school().to_owned(),
        subject: name.to_string(),
        kind: kind.to_owned(),
        facts,
        actor: actor.to_owned(),
    };
    let mut events = vec![];
    for effect in effects {
        let (Effect::Acknowledge(cause), Some(standing)) = (effect, &term.standing) else {
            continue;
        };
        let kind = match cause {
            Cause::Close { .. } => "term.closed",
            Cause::OpenWindow { .. } => "term.window_opened",
            Cause::OpenScope { .. } => "term.scope_opened",
            Cause::WindowEnded => "term.window_ended",
            // The same state as before stands again: nothing happened to the school.
            Cause::Recovery => continue,
        };
        let mut facts = json!({
            "epoch": standing.epoch,
            "lock_order": standing.lock_order,
            "sealed_sessions": standing.sealed_sessions,
        });
        if let Some(facts) = facts.as_object_mut() {
            if let Mode::Window(end) = standing.mode {
                facts.insert("window_end".into(), json!(end.unix_timestamp()));
            }
            if let Cause::OpenScope {
                dossier,
                cells_digest,
            } = cause
            {
                facts.insert("dossier".into(), json!(dossier));
                facts.insert("cells_digest".into(), json!(cells_digest));
            }
        }
        events.push(event(kind, facts));
    }
    for scope in term.scopes.values().filter(|scope| scope.fate == Fate::Used) {
        if before
            .scopes
            .get(&scope.open_epoch)
            .is_some_and(|was| was.fate != Fate::Used)
        {
            let facts = json!({ "dossier": scope.dossier, "open_epoch": scope.open_epoch });
            events.push(event("term.scope_used", facts));
        }
    }
    events
}
