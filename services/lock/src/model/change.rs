//! The one function that changes a term. Sans I/O: [`apply`] takes the state, the time and a command and
//! answers the next state and what is to be done; who calls it saves the state first and acts afterwards, so
//! that a crash in between is resumed from the saved intent.

use time::{Duration, OffsetDateTime};

use super::{
    name::Database,
    scope::{Epoch, Fate, Scope},
    term::{Cause, Fence, Intent, Mode, Standing, Term},
};

/// The longest a term may be unlocked by one order.
pub const LONGEST_WINDOW: Duration = Duration::days(31);
/// The longest a scope may stay open.
pub const LONGEST_SCOPE: Duration = Duration::hours(24);

/// What may happen to a term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Lock for an order.
    Close {
        /// The order.
        lock_order: String,
    },
    /// Unlock for an order, with an end.
    OpenWindow {
        /// The order.
        lock_order: String,
        /// When the term locks itself again.
        end_at: OffsetDateTime,
    },
    /// Open a scope for a dossier.
    OpenScope {
        /// The dossier.
        dossier: String,
        /// The dossier's digest.
        cells_digest: String,
        /// When the scope becomes void.
        end_at: OffsetDateTime,
    },
    /// A scope was used.
    ReportScopeUsed {
        /// The dossier.
        dossier: String,
        /// The scope's open epoch.
        open_epoch: Epoch,
    },
    /// A guard answered an installation.
    Installed {
        /// Which guard.
        database: Database,
        /// The epoch it was asked to install.
        asked: Epoch,
        /// The epoch in force there now.
        in_force: Epoch,
        /// How many entry sessions it sealed.
        sealed_sessions: u32,
    },
    /// Time has passed: a window may have ended.
    Tick,
    /// Lock starts: these fences stand in the guards.
    Recover {
        /// By guard; a guard without a fence is not listed.
        fences: Vec<Fence>,
    },
}

/// What is to be done after the state is saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Install the fence of the intent in this guard.
    Install(Database, Fence),
    /// The change stands in all guards: tell it (outbox, Redis, whoever waits).
    Acknowledge(Cause),
}

/// Why a command is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The term is open: nothing to unlock, no scope needed.
    #[error("the term is open")]
    TermOpen,
    /// Another change is on its way.
    #[error("another change of the term is not finished")]
    Busy,
    /// The end is in the past or too far ahead.
    #[error("the end is in the past or too far ahead")]
    EndOutOfRange,
    /// No such scope.
    #[error("no scope of this dossier was opened")]
    ScopeUnknown,
    /// The dossier's scope was used.
    #[error("the dossier's scope was used")]
    ScopeUsed,
    /// The dossier has a scope open for other content.
    #[error("the dossier's scope is open for other content")]
    ScopeMismatch,
}

/// The next state and what is to be done.
pub type Step = (Term, Vec<Effect>);

impl Term {
    /// The installations an intent still needs: after a crash, or to ask a silent guard again.
    #[must_use]
    pub fn resume(&self) -> Vec<Effect> {
        let Some(intent) = &self.intent else { return vec![] };
        intent
            .waiting
            .iter()
            .map(|guard| Effect::Install(*guard, self.fence(&intent.target)))
            .collect()
    }

    fn decide(mut self, mode: Mode, lock_order: String, cause: Cause, now: OffsetDateTime) -> Step {
        self.last_epoch += 1;
        let target = Standing {
            epoch: self.last_epoch,
            mode,
            lock_order,
            changed_at: now,
            sealed_sessions: 0,
        };
        self.intent = Some(Intent {
            target,
            cause,
            waiting: self.guards.clone(),
        });
        let effects = self.resume();
        (self, effects)
    }

    fn void_scopes(&mut self, of: Option<&str>) {
        for scope in self.scopes.values_mut() {
            if scope.fate == Fate::Open && of.is_none_or(|dossier| scope.dossier == dossier) {
                scope.fate = Fate::Void;
            }
        }
    }
}

/// What a command makes of a term at a moment.
///
/// # Errors
/// The refusal; the state is then what it was.
pub fn apply(term: Term, now: OffsetDateTime, command: Command) -> Result<Step, Refusal> {
    match command {
        Command::Close { lock_order } => close(term, now, lock_order),
        Command::OpenWindow { lock_order, end_at } => open_window(term, now, lock_order, end_at),
        Command::OpenScope {
            dossier,
            cells_digest,
            end_at,
        } => open_scope(term, now, dossier, cells_digest, end_at),
        Command::ReportScopeUsed { dossier, open_epoch } => scope_used(term, &dossier, open_epoch),
        Command::Installed {
            database,
            asked,
            in_force,
            sealed_sessions,
        } => Ok(installed(term, now, database, asked, in_force, sealed_sessions)),
        Command::Tick => Ok(tick(term, now)),
        Command::Recover { fences } => Ok(recover(term, now, fences)),
    }
}

/// A pending change refuses others; the same one again joins it.
fn join(term: &Term, is_same: impl Fn(&Cause) -> bool) -> Result<bool, Refusal> {
    match &term.intent {
        None => Ok(false),
        Some(intent) if is_same(&intent.cause) => Ok(true),
        Some(_) => Err(Refusal::Busy),
    }
}

fn joined(term: Term) -> Step {
    let effects = term.resume();
    (term, effects)
}

fn close(mut term: Term, now: OffsetDateTime, lock_order: String) -> Result<Step, Refusal> {
    let cause = Cause::Close {
        lock_order: lock_order.clone(),
    };
    if join(&term, |pending| *pending == cause)? {
        return Ok(joined(term));
    }
    if term
        .standing
        .as_ref()
        .is_some_and(|now| now.mode == Mode::Closed && now.lock_order == lock_order)
    {
        return Ok((term, vec![]));
    }
    term.void_scopes(None);
    Ok(term.decide(Mode::Closed, lock_order, cause, now))
}

fn open_window(
    term: Term,
    now: OffsetDateTime,
    lock_order: String,
    end_at: OffsetDateTime,
) -> Result<Step, Refusal> {
    let cause = Cause::OpenWindow {
        lock_order: lock_order.clone(),
        end_at,
    };
    if join(&term, |pending| *pending == cause)? {
        return Ok(joined(term));
    }
    let standing = term.standing.as_ref().ok_or(Refusal::TermOpen)?;
    // One order unlocks once: repeated after its window ended it changes nothing either.
    if standing.lock_order == lock_order {
        return Ok((term, vec![]));
    }
    if end_at <= now || end_at > now + LONGEST_WINDOW {
        return Err(Refusal::EndOutOfRange);
    }
    Ok(term.decide(Mode::Window(end_at), lock_order, cause, now))
}

fn open_scope(
    mut term: Term,
    now: OffsetDateTime,
    dossier: String,
    cells_digest: String,
    end_at: OffsetDateTime,
) -> Result<Step, Refusal> {
    let cause = Cause::OpenScope {
        dossier: dossier.clone(),
        cells_digest: cells_digest.clone(),
    };
    if join(&term, |pending| *pending == cause)? {
        return Ok(joined(term));
    }
    let standing = term.standing.as_ref().ok_or(Refusal::TermOpen)?;
    if matches!(standing.mode, Mode::Window(end) if now < end) {
        return Err(Refusal::TermOpen);
    }
    let lock_order = standing.lock_order.clone();
    for scope in term.scopes.values().filter(|scope| scope.dossier == dossier) {
        if scope.fate == Fate::Used {
            return Err(Refusal::ScopeUsed);
        }
        if scope.is_open(now) {
            return if scope.cells_digest == cells_digest {
                Ok((term, vec![]))
            } else {
                Err(Refusal::ScopeMismatch)
            };
        }
    }
    if end_at <= now || end_at > now + LONGEST_SCOPE {
        return Err(Refusal::EndOutOfRange);
    }
    term.void_scopes(Some(&dossier));
    let open_epoch = term.last_epoch + 1;
    term.scopes.insert(
        open_epoch,
        Scope {
            dossier,
            cells_digest,
            open_epoch,
            end_at,
            fate: Fate::Open,
        },
    );
    // A window that has ended closes for good here: the guards seal what it left open.
    let (mut term, effects) = term.decide(Mode::Closed, lock_order, cause, now);
    // The second epoch of the scope is given out with the first.
    term.last_epoch += 1;
    Ok((term, effects))
}

fn scope_used(mut term: Term, dossier: &str, open_epoch: Epoch) -> Result<Step, Refusal> {
    match term.scopes.get_mut(&open_epoch) {
        Some(scope) if scope.dossier == dossier => {
            // Also a void one: it was used before the closing that made it void.
            scope.fate = Fate::Used;
            Ok((term, vec![]))
        }
        Some(_) | None => Err(Refusal::ScopeUnknown),
    }
}

fn installed(
    mut term: Term,
    now: OffsetDateTime,
    database: Database,
    asked: Epoch,
    in_force: Epoch,
    sealed_sessions: u32,
) -> Step {
    let Some(mut intent) = term.intent.take() else {
        return (term, vec![]);
    };
    if intent.target.epoch != asked {
        // The answer to an older request, late.
        term.intent = Some(intent);
        return (term, vec![]);
    }
    if in_force < asked {
        // Not installed after all: it stays to be asked again.
        term.intent = Some(intent);
        return (term, vec![]);
    }
    if in_force > term.last_epoch {
        // The guard knows epochs we never gave out: our database was restored to before them. Go above.
        term.last_epoch = in_force;
        let Standing { mode, lock_order, .. } = intent.target;
        return term.decide(mode, lock_order, intent.cause, now);
    }
    if in_force > asked && !term.scopes.contains_key(&(in_force - 1)) {
        // Higher, given out by us, and no scope's second epoch: only a reinstallation can meet it.
        let Standing { mode, lock_order, .. } = intent.target;
        return term.decide(mode, lock_order, intent.cause, now);
    }
    intent.waiting.remove(&database);
    intent.target.sealed_sessions += sealed_sessions;
    if !intent.waiting.is_empty() {
        term.intent = Some(intent);
        return (term, vec![]);
    }
    term.standing = Some(intent.target);
    (term, vec![Effect::Acknowledge(intent.cause)])
}

fn tick(mut term: Term, now: OffsetDateTime) -> Step {
    if term.intent.is_some() {
        return joined(term);
    }
    match term.standing.as_ref() {
        Some(Standing {
            mode: Mode::Window(end),
            lock_order,
            ..
        }) if *end <= now => {
            let lock_order = lock_order.clone();
            term.void_scopes(None);
            term.decide(Mode::Closed, lock_order, Cause::WindowEnded, now)
        }
        Some(_) | None => (term, vec![]),
    }
}

/// The highest epoch of all databases wins; whatever it says is installed everywhere again.
fn recover(mut term: Term, now: OffsetDateTime, fences: Vec<Fence>) -> Step {
    let given = |fence: &Fence| {
        fence
            .scopes
            .iter()
            .map(Scope::close_epoch)
            .fold(fence.epoch, Epoch::max)
    };
    let highest = fences.iter().map(given).max().unwrap_or(0);
    if highest > term.last_epoch {
        // We were restored to before this fence: its content is the younger truth.
        term.last_epoch = highest;
        if let Some(fence) = fences.into_iter().max_by_key(|fence| fence.epoch) {
            term.void_scopes(None);
            term.scopes
                .extend(fence.scopes.into_iter().map(|scope| (scope.open_epoch, scope)));
            return term.decide(fence.mode, fence.lock_order, Cause::Recovery, now);
        }
    }
    if term.intent.is_none() {
        let Some(standing) = term.standing.clone() else {
            return (term, vec![]);
        };
        term.intent = Some(Intent {
            target: standing,
            cause: Cause::Recovery,
            waiting: term.guards.clone(),
        });
    } else if let Some(intent) = &mut term.intent {
        intent.waiting.clone_from(&term.guards);
    }
    joined(term)
}
