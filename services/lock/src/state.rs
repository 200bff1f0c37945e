//! What every RPC works with.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use hocba_chassis::{Clock, Context, Failure, token_keys::Tokens};
use hocba_policy::Policy;
use sqlx::PgPool;
use tokio::sync::broadcast;

use crate::{
    guard::Guards,
    mirror::Mirror,
    model::name::{Database, TermName},
};

/// Shared by all calls; cheap to clone.
#[derive(Clone)]
pub struct State {
    /// Now.
    pub clock: Clock,
    /// Our database: the truth about epochs.
    pub pool: PgPool,
    /// Who may do what.
    pub policy: Arc<Policy>,
    /// Judges tokens: a watch ends with its caller's sign-in.
    pub tokens: Tokens,
    /// The guarded databases.
    pub guards: Guards,
    /// Redis.
    pub mirror: Mirror,
    /// Names of terms that changed, from here or from another instance.
    pub changed: broadcast::Sender<TermName>,
    recovered: Arc<Mutex<BTreeSet<Database>>>,
}

impl State {
    /// Nothing recovered yet.
    #[must_use]
    pub fn new(context: &Context, policy: Policy, guards: Guards, mirror: Mirror) -> Self {
        Self {
            clock: context.clock,
            pool: context.pool.clone(),
            policy: Arc::new(policy),
            tokens: context.tokens.clone(),
            guards,
            mirror,
            changed: broadcast::Sender::new(64),
            recovered: Arc::default(),
        }
    }

    /// Remembers that this guard's fences are known and installed again.
    pub fn set_recovered(&self, database: Database) {
        self.recovered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(database);
    }

    /// Refuses a change while a guard's epochs are not known since the start: one of them could be given out
    /// a second time (T4).
    ///
    /// # Errors
    /// UNAVAILABLE.
    pub fn require_recovered(&self, name: &TermName) -> Result<(), Failure> {
        let recovered = self.recovered.lock().unwrap_or_else(PoisonError::into_inner);
        name.guards()
            .iter()
            .find(|guard| !recovered.contains(guard))
            .map_or(Ok(()), |guard| Err(Failure::away(guard.as_str())))
    }
}
