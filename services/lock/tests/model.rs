//! The promises T1 to T5 over the interleavings of a small world, breadth first as far as a test may take (`make soak`
//! goes ten times as far): a lock service that may crash or be restored to before its first epoch, whose callers
//! interleave, two guards, three writers, a wire that delays, loses, repeats and reorders, and a Redis that may be wiped.
//! The eight wrong locks that were tried on PostgreSQL and Redis prove that the model would notice.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
};

use hocba_lock::model::{
    change::{Command, Effect, apply},
    name::Database,
    scope::{Epoch, Scope},
    term::{Cause, Fence, Mode, Term},
};
use rstest::rstest;
use stateright::{Checker, Model, Property};
use time::{Duration, OffsetDateTime};

/// What is wrong with the lock under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mutant {
    None,
    /// Writers read the fence and hold nothing.
    PlainRead,
    /// Writers hold a row lock that does not keep the installer from its update (`FOR KEY SHARE`).
    KeyShare,
    /// Writers take the lock and read the fence in one statement: what they waited for is not in its snapshot.
    OneStatement,
    /// Writers read the fence by their transaction's first snapshot (REPEATABLE READ).
    RepeatableRead,
    /// Writers hold a lease for an hour; the installer waits for its end and for nobody.
    Lease,
    /// Writers ask Redis, which knows nothing after a wipe.
    RedisDecides,
    /// The first guard's answer is taken for all.
    AcknowledgeEarly,
    /// Epochs are counted in Redis.
    EpochFromRedis,
}

impl Mutant {
    /// Whether a writer in flight keeps an installer waiting.
    fn drains(self, writer: &Writer, hour: i64) -> bool {
        match (self, writer) {
            (_, Writer::Begun(_)) | (Self::PlainRead | Self::KeyShare, _) => false,
            (Self::Lease, Writer::Passed { since, .. }) => hour == *since,
            (
                Self::None
                | Self::OneStatement
                | Self::RepeatableRead
                | Self::RedisDecides
                | Self::AcknowledgeEarly
                | Self::EpochFromRedis,
                Writer::Passed { .. },
            ) => true,
        }
    }

    /// Whether the fence is read by a snapshot that is older than the lock.
    fn reads_back(self) -> bool {
        matches!(self, Self::OneStatement | Self::RepeatableRead)
    }
}

/// A writer in flight.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Writer {
    /// Begun, with the epoch its snapshot would let it pass with.
    Begun(Option<Epoch>),
    /// Past the check, with what it may hold until its end.
    Passed { epoch: Epoch, since: i64 },
}

struct World {
    mutant: Mutant,
    /// How many there are, behind both guards together.
    writers: usize,
    commands: u8,
    crashes: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    /// What lock's database holds.
    term: Term,
    wire: BTreeSet<Message>,
    guards: BTreeMap<Database, Guard>,
    redis: Option<Epoch>,
    hour: i64,
    commands: u8,
    crashes: u8,
    restores: u8,
    /// The last epoch whose closing was acknowledged.
    acknowledged: Epoch,
    /// Whose epoch each is: order and mode, as first installed.
    epochs: BTreeMap<Epoch, (String, bool)>,
    broken: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Message {
    Install(Database, Epoch, bool, i64, String, Vec<Scope>),
    Installed(Database, Epoch, Epoch),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Guard {
    fence: Option<Fence>,
    used: BTreeSet<Epoch>,
    /// Sorted: who is who makes no difference.
    writers: Vec<Writer>,
    session_open: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
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

fn at(hour: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::hours(hour)
}

impl Message {
    fn install(database: Database, fence: &Fence) -> Self {
        let (closed, end) = match fence.mode {
            Mode::Closed => (true, 0),
            Mode::Window(end) => (false, (end - OffsetDateTime::UNIX_EPOCH).whole_hours()),
        };
        Self::Install(
            database,
            fence.epoch,
            closed,
            end,
            fence.lock_order.clone(),
            fence.scopes.clone(),
        )
    }
}

impl Guard {
    /// The epoch a writer would pass with.
    fn check(&self, now: OffsetDateTime) -> Option<Epoch> {
        match &self.fence {
            None => Some(0),
            Some(Fence {
                mode: Mode::Window(end),
                epoch,
                ..
            }) if now < *end => Some(*epoch),
            Some(_) => None,
        }
    }
}

impl State {
    fn command(&mut self, mutant: Mutant, command: Command) {
        if mutant == Mutant::EpochFromRedis {
            self.term.last_epoch = self.redis.unwrap_or(0);
        }
        if let Ok((term, effects)) = apply(self.term.clone(), at(self.hour), command) {
            if term.last_epoch < self.term.last_epoch {
                self.broken = Some("T4: the last epoch fell");
            }
            self.term = term;
            self.act(effects);
        }
    }

    fn act(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Install(database, fence) => {
                    self.wire.insert(Message::install(database, &fence));
                }
                Effect::Acknowledge(cause) => {
                    let Some(standing) = &self.term.standing else {
                        continue;
                    };
                    if matches!(cause, Cause::Close { .. } | Cause::WindowEnded) {
                        self.acknowledged = self.acknowledged.max(standing.epoch);
                    }
                    // The Lua script: only if larger.
                    self.redis = self.redis.max(Some(standing.epoch));
                }
            }
        }
    }

    fn recover(&mut self) {
        // Answers are lost with the process that waited for them; requests may still arrive.
        self.wire
            .retain(|message| matches!(message, Message::Install(..)));
        let fences = self.guards.values().filter_map(|guard| {
            let mut fence = guard.fence.clone()?;
            fence
                .scopes
                .retain(|scope| !guard.used.contains(&scope.open_epoch));
            Some(fence)
        });
        let fences = fences.collect();
        self.command(Mutant::None, Command::Recover { fences });
    }

    fn answer(&mut self, message: Message) {
        if let Message::Installed(database, asked, in_force) = message {
            let sealed_sessions = 0;
            self.command(
                Mutant::None,
                Command::Installed {
                    database,
                    asked,
                    in_force,
                    sealed_sessions,
                },
            );
        }
    }

    fn write(&mut self, epoch: Epoch) {
        if epoch < self.acknowledged {
            self.broken = Some("T1: a row below an acknowledged epoch was committed");
        }
    }

    fn install(&mut self, mutant: Mutant, message: Message) -> bool {
        let Message::Install(database, epoch, closed, end, lock_order, scopes) = message else {
            return false;
        };
        let Some(guard) = self.guards.get_mut(&database) else {
            return false;
        };
        if guard
            .writers
            .iter()
            .any(|writer| mutant.drains(writer, self.hour))
        {
            return false;
        }
        let in_force = guard.fence.as_ref().map_or(0, |fence| fence.epoch);
        let owner = (lock_order.clone(), closed);
        if self.epochs.get(&epoch).is_some_and(|first| *first != owner) {
            self.broken = Some("T4: an epoch was used twice");
        }
        if epoch > in_force {
            let mode = if closed {
                Mode::Closed
            } else {
                Mode::Window(at(end))
            };
            self.epochs.insert(epoch, owner);
            guard.fence = Some(Fence {
                epoch,
                mode,
                lock_order,
                scopes,
            });
            if closed {
                guard.session_open = false;
            }
        }
        self.wire
            .insert(Message::Installed(database, epoch, epoch.max(in_force)));
        true
    }
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

fn check(
    (mutant, writers): (Mutant, usize),
    commands: u8,
    crashes: u8,
    most_states: usize,
) -> impl Checker<World> {
    World {
        mutant,
        writers,
        commands,
        crashes,
    }
    .checker()
    .threads(2)
    .target_state_count(most_states)
    .spawn_bfs()
    .join()
}

/// `make soak` goes ten times as far.
fn most_states() -> usize {
    if env::var_os("HOCBA_SOAK").is_some() {
        15_000_000
    } else {
        1_500_000
    }
}

#[test]
fn t1_to_t5_hold_in_every_interleaving() {
    let checker = check((Mutant::None, 3), 3, 1, most_states());
    println!(
        "{} steps, {} states",
        checker.state_count(),
        checker.unique_state_count()
    );
    checker.assert_properties();
}

/// The smallest world in which each is caught: commands, crashes.
#[rstest]
#[case::plain_read(Mutant::PlainRead, 1, 0)]
#[case::for_key_share(Mutant::KeyShare, 1, 0)]
#[case::lock_and_check_in_one_statement(Mutant::OneStatement, 1, 0)]
#[case::repeatable_read(Mutant::RepeatableRead, 1, 0)]
#[case::a_lease_alone(Mutant::Lease, 1, 0)]
#[case::redis_decides(Mutant::RedisDecides, 1, 1)]
#[case::acknowledged_before_the_last_database(Mutant::AcknowledgeEarly, 1, 0)]
#[case::epochs_from_redis(Mutant::EpochFromRedis, 2, 1)]
fn t1_the_model_notices_every_wrong_fence(#[case] mutant: Mutant, #[case] commands: u8, #[case] crashes: u8) {
    let checker = check((mutant, 1), commands, crashes, 300_000);
    let found = checker.discoveries();
    let broken = found
        .keys()
        .find(|name| name.starts_with("T1") || name.starts_with("T5"));
    assert!(
        broken.is_some(),
        "{mutant:?} is not noticed in {} states",
        checker.unique_state_count()
    );
}
