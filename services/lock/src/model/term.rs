//! A term as lock knows it; [`super::change`] changes it.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::{
    name::Database,
    scope::{Epoch, Fate, Scope},
};

/// A term's whole state. One that was never locked is [`Term::open`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Term {
    /// The databases whose fences hold it.
    pub guards: BTreeSet<Database>,
    /// The highest epoch ever given out.
    pub last_epoch: Epoch,
    /// What is committed in every guard, and acknowledged.
    pub standing: Option<Standing>,
    /// What is decided and on its way into the guards.
    pub intent: Option<Intent>,
    /// The scopes by the epoch they are written under.
    pub scopes: BTreeMap<Epoch, Scope>,
}

/// A fence's state at one epoch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Standing {
    /// The epoch.
    pub epoch: Epoch,
    /// What writers may do.
    pub mode: Mode,
    /// The lock order behind the mode; of a window that ended by itself, the order that opened it.
    pub lock_order: String,
    /// When it was decided.
    pub changed_at: OffsetDateTime,
    /// How many entry sessions the guards sealed when it was installed.
    pub sealed_sessions: u32,
}

/// What writers may do behind a fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Nothing.
    Closed,
    /// Write until this moment of the guarded database's clock.
    Window(OffsetDateTime),
}

/// A change on its way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Intent {
    /// What will stand.
    pub target: Standing,
    /// What brought it: a repeated command joins instead of being refused as busy.
    pub cause: Cause,
    /// The guards that have not answered yet.
    pub waiting: BTreeSet<Database>,
}

/// What brought a change.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Cause {
    /// An order to lock.
    Close {
        /// The order.
        lock_order: String,
    },
    /// An order to unlock.
    OpenWindow {
        /// The order.
        lock_order: String,
        /// When the term locks itself again.
        end_at: OffsetDateTime,
    },
    /// A correction in a closed term.
    OpenScope {
        /// The dossier.
        dossier: String,
        /// The dossier's digest.
        cells_digest: String,
    },
    /// A window's end came.
    WindowEnded,
    /// A guard was ahead or behind: everything is installed again.
    Recovery,
}

/// A fence to install, or found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fence {
    /// The epoch.
    pub epoch: Epoch,
    /// What writers may do.
    pub mode: Mode,
    /// The order behind it.
    pub lock_order: String,
    /// The open scopes.
    pub scopes: Vec<Scope>,
}

impl Term {
    /// A term that was never locked.
    #[must_use]
    pub fn open(guards: BTreeSet<Database>) -> Self {
        Self {
            guards,
            last_epoch: 0,
            standing: None,
            intent: None,
            scopes: BTreeMap::new(),
        }
    }

    /// What writers will find as soon as the guards have it: the intent's target, or what stands.
    #[must_use]
    pub fn latest(&self) -> Option<&Standing> {
        self.intent
            .as_ref()
            .map(|intent| &intent.target)
            .or(self.standing.as_ref())
    }

    /// The fence that belongs to a standing.
    #[must_use]
    pub fn fence(&self, standing: &Standing) -> Fence {
        Fence {
            epoch: standing.epoch,
            mode: standing.mode,
            lock_order: standing.lock_order.clone(),
            scopes: self
                .scopes
                .values()
                .filter(|scope| scope.fate == Fate::Open)
                .cloned()
                .collect(),
        }
    }
}
