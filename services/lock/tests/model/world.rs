//! What may happen in the small world, and what must hold in it.

use std::collections::{BTreeMap, BTreeSet};

use hocba_lock::model::{
    change::Command,
    name::Database,
    scope::Epoch,
    term::{Mode, Term},
};
use stateright::{Model, Property};

use crate::{
    mutant::{Mutant, Writer},
    state::{Guard, Message, State, at},
};

pub(crate) struct World {
    pub(crate) mutant: Mutant,
    /// How many there are, behind both guards together.
    pub(crate) writers: usize,
    pub(crate) commands: u8,
    pub(crate) crashes: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    Close,
    OpenWindow,
    OpenScope,
    Tick,
    HourPasses,
    Deliver(Message),
    Begin(Database),
    /// The lock is granted, the fence is read.
    Pass(Database, usize),
    Commit(Database, usize),
    /// A message is lost.
    Lose(Message),
    UseScope(Database, Epoch),
    Crash,
    RestoreToNothing,
    WipeRedis,
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let guards = BTreeSet::from(Database::ALL);
        let guard = Guard {
            fence: None,
            used: BTreeSet::new(),
            writers: vec![],
            session_open: false,
        };
        vec![State {
            term: Term::open(guards.clone()),
            wire: BTreeSet::new(),
            guards: guards
                .into_iter()
                .map(|database| (database, guard.clone()))
                .collect(),
            redis: None,
            hour: 0,
            commands: 0,
            crashes: 0,
            restores: 0,
            acknowledged: 0,
            epochs: BTreeMap::new(),
            broken: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.commands < self.commands {
            actions.extend([Action::Close, Action::OpenWindow, Action::OpenScope]);
        }
        if state.crashes < self.crashes {
            actions.push(Action::Crash);
            if state.redis.is_some() {
                actions.push(Action::WipeRedis);
            }
            if state.restores == 0 {
                actions.push(Action::RestoreToNothing);
            }
        }
        if state.hour == 0 {
            actions.push(Action::HourPasses);
        }
        actions.push(Action::Tick);
        actions.extend(state.wire.iter().cloned().map(Action::Deliver));
        if state.crashes < self.crashes {
            actions.extend(state.wire.iter().cloned().map(Action::Lose));
        }
        let in_flight: usize = state.guards.values().map(|guard| guard.writers.len()).sum();
        for (database, guard) in &state.guards {
            if in_flight < self.writers {
                actions.push(Action::Begin(*database));
            }
            // Of writers in the same state the first one stands for all.
            let firsts = |at: &usize| *at == 0 || guard.writers.get(*at) != guard.writers.get(*at - 1);
            actions.extend(
                (0..guard.writers.len())
                    .filter(firsts)
                    .map(|at| match guard.writers.get(at) {
                        Some(Writer::Passed { .. }) => Action::Commit(*database, at),
                        Some(Writer::Begun(_)) | None => Action::Pass(*database, at),
                    }),
            );
            let scopes = guard.fence.iter().flat_map(|fence| &fence.scopes);
            actions.extend(scopes.map(|scope| Action::UseScope(*database, scope.open_epoch)));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        let order = format!("o{}", state.commands);
        match action {
            Action::Close => {
                state.commands += 1;
                state.command(self.mutant, Command::Close { lock_order: order });
            }
            Action::OpenWindow => {
                state.commands += 1;
                state.command(
                    self.mutant,
                    Command::OpenWindow {
                        lock_order: order,
                        end_at: at(1),
                    },
                );
            }
            Action::OpenScope => {
                state.commands += 1;
                let command = Command::OpenScope {
                    dossier: order,
                    cells_digest: "d".into(),
                    end_at: at(2),
                };
                state.command(self.mutant, command);
            }
            Action::Tick => state.command(Mutant::None, Command::Tick),
            Action::HourPasses => state.hour += 1,
            Action::Deliver(message) => {
                state.wire.remove(&message);
                match message {
                    Message::Install(..) => {
                        if !state.install(self.mutant, message) {
                            return None;
                        }
                    }
                    Message::Installed(database, asked, in_force) => {
                        if self.mutant == Mutant::AcknowledgeEarly
                            && let Some(intent) = &mut state.term.intent
                        {
                            intent.waiting = BTreeSet::from([database]);
                        }
                        state.answer(Message::Installed(database, asked, in_force));
                    }
                }
            }
            Action::Begin(database) => {
                let guard = state.guards.get_mut(&database)?;
                // Only who reads by an old snapshot has anything to remember.
                let snapshot = if self.mutant.reads_back() {
                    guard.check(at(state.hour))
                } else {
                    None
                };
                // The one statement meets an old snapshot only while it waits for an installer.
                let waits = state
                    .wire
                    .iter()
                    .any(|it| matches!(it, Message::Install(to, ..) if *to == database));
                if self.mutant == Mutant::OneStatement && !waits {
                    return None;
                }
                guard.writers.push(Writer::Begun(snapshot));
                guard.writers.sort();
            }
            Action::Pass(database, which) => {
                let redis = state.redis;
                let hour = state.hour;
                let guard = state.guards.get_mut(&database)?;
                let Writer::Begun(snapshot) = guard.writers.remove(which) else {
                    return None;
                };
                let epoch = match self.mutant {
                    Mutant::RedisDecides if redis.is_none() => Some(0),
                    Mutant::OneStatement | Mutant::RepeatableRead => snapshot,
                    Mutant::None
                    | Mutant::PlainRead
                    | Mutant::KeyShare
                    | Mutant::Lease
                    | Mutant::RedisDecides
                    | Mutant::AcknowledgeEarly
                    | Mutant::EpochFromRedis => guard.check(at(hour)),
                };
                // Refused: the writer is gone.
                if let Some(epoch) = epoch {
                    guard.writers.push(Writer::Passed { epoch, since: hour });
                    guard.writers.sort();
                }
            }
            Action::Commit(database, which) => {
                let guard = state.guards.get_mut(&database)?;
                let Writer::Passed { epoch, .. } = guard.writers.remove(which) else {
                    return None;
                };
                guard.session_open = true;
                state.write(epoch);
            }
            Action::Lose(message) => {
                state.crashes += 1;
                state.wire.remove(&message);
            }
            Action::UseScope(database, open_epoch) => {
                let guard = state.guards.get_mut(&database)?;
                let fence = guard.fence.as_mut()?;
                let scope = fence.scopes.iter().find(|scope| scope.open_epoch == open_epoch)?;
                let held = guard
                    .writers
                    .iter()
                    .any(|writer| matches!(writer, Writer::Passed { .. }));
                if held || at(state.hour) >= scope.end_at || !guard.used.insert(open_epoch) {
                    return None;
                }
                fence.epoch = fence.epoch.max(open_epoch + 1);
                state.write(open_epoch);
            }
            Action::Crash => {
                state.crashes += 1;
                state.recover();
            }
            Action::RestoreToNothing => {
                state.crashes += 1;
                state.restores += 1;
                state.wire.clear();
                state.term = Term::open(state.term.guards.clone());
                state.recover();
            }
            Action::WipeRedis => {
                state.crashes += 1;
                state.redis = None;
            }
        }
        for (database, guard) in &last.guards {
            let epoch = |guard: &Guard| guard.fence.as_ref().map_or(0, |fence| fence.epoch);
            if state
                .guards
                .get(database)
                .is_none_or(|next| epoch(next) < epoch(guard))
            {
                state.broken = Some("T4: a fence fell");
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(
                "T1 and T4: nothing below an acknowledged epoch, no epoch twice",
                |_, state: &State| state.broken.is_none(),
            ),
            Property::always(
                "T2: no entry session is open behind a closed fence",
                |_, state: &State| {
                    state.guards.values().all(|guard| {
                        !guard.session_open
                            || guard
                                .fence
                                .as_ref()
                                .is_none_or(|fence| fence.mode != Mode::Closed)
                    })
                },
            ),
            Property::always(
                "T3: a pending change is finished by asking the guards again",
                |_, state: &State| {
                    let mut state = state.clone();
                    for guard in state.guards.values_mut() {
                        guard.writers.clear();
                    }
                    for _ in 0..4 {
                        state.wire.clear();
                        state.command(Mutant::None, Command::Tick);
                        for message in state.wire.clone() {
                            state.install(Mutant::None, message);
                        }
                        for message in std::mem::take(&mut state.wire) {
                            state.answer(message);
                        }
                    }
                    state.term.intent.is_none()
                },
            ),
            Property::always(
                "T5: an acknowledged closing stands in every guard, whatever Redis says",
                |_, state: &State| {
                    let Some(standing) = &state.term.standing else {
                        return true;
                    };
                    state.guards.values().all(|guard| {
                        guard
                            .fence
                            .as_ref()
                            .is_some_and(|fence| fence.epoch >= standing.epoch)
                    })
                },
            ),
            Property::sometimes(
                "a closing is acknowledged while a guard is used",
                |_, state: &State| {
                    state.acknowledged > 0 && state.guards.values().any(|guard| !guard.writers.is_empty())
                },
            ),
            Property::sometimes("a scope is used", |_, state: &State| {
                state.guards.values().any(|guard| !guard.used.is_empty())
            }),
        ]
    }
}
