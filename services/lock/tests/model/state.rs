//! The state of the small world, and what lock and guards do to it.

use std::collections::{BTreeMap, BTreeSet};

use hocba_lock::model::{
    change::{Command, Effect, apply},
    name::Database,
    scope::{Epoch, Scope},
    term::{Cause, Fence, Mode, Term},
};
use time::{Duration, OffsetDateTime};

use crate::mutant::{Mutant, Writer};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// What lock's database holds.
    pub(crate) term: Term,
    pub(crate) wire: BTreeSet<Message>,
    pub(crate) guards: BTreeMap<Database, Guard>,
    pub(crate) redis: Option<Epoch>,
    pub(crate) hour: i64,
    pub(crate) commands: u8,
    pub(crate) crashes: u8,
    pub(crate) restores: u8,
    /// The last epoch whose closing was acknowledged.
    pub(crate) acknowledged: Epoch,
    /// Whose epoch each is: order and mode, as first installed.
    pub(crate) epochs: BTreeMap<Epoch, (String, bool)>,
    pub(crate) broken: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Message {
    Install(Database, Epoch, bool, i64, String, Vec<Scope>),
    Installed(Database, Epoch, Epoch),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Guard {
    pub(crate) fence: Option<Fence>,
    pub(crate) used: BTreeSet<Epoch>,
    /// Sorted: who is who makes no difference.
    pub(crate) writers: Vec<Writer>,
    pub(crate) session_open: bool,
}

pub(crate) fn at(hour: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::hours(hour)
}

impl Message {
    pub(crate) fn install(database: Database, fence: &Fence) -> Self {
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
    pub(crate) fn check(&self, now: OffsetDateTime) -> Option<Epoch> {
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
    pub(crate) fn command(&mut self, mutant: Mutant, command: Command) {
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

    pub(crate) fn act(&mut self, effects: Vec<Effect>) {
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

    pub(crate) fn recover(&mut self) {
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

    pub(crate) fn answer(&mut self, message: Message) {
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

    pub(crate) fn write(&mut self, epoch: Epoch) {
        if epoch < self.acknowledged {
            self.broken = Some("T1: a row below an acknowledged epoch was committed");
        }
    }

    pub(crate) fn install(&mut self, mutant: Mutant, message: Message) -> bool {
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
