//! What every RPC stands on.

use std::sync::Arc;

use hocba_chassis::{clock::Clock, database, token_keys::Tokens};
use hocba_policy::Policy;
use sqlx::{PgPool, Postgres, Transaction};

use crate::{
    error::Result,
    hashing::Hashing,
    model::{home::Home, webauthn::RelyingParty},
    token::Keys,
    vault::Vault,
};

/// What every RPC stands on.
pub struct State {
    /// The database.
    pub pool: PgPool,
    /// Who may do what.
    pub policy: Arc<Policy>,
    /// The time.
    pub clock: Clock,
    /// The keys of our tokens.
    pub keys: Keys,
    /// The judge of the tokens that come here.
    pub tokens: Tokens,
    /// The master key's uses.
    pub vault: Vault,
    /// Whom security keys are registered with.
    pub relying_party: RelyingParty,
    /// The argon2 pool.
    pub hashing: Hashing,
}

impl State {
    /// Begins a transaction that sees one tenant's rows.
    pub async fn begin(&self, home: &Home) -> Result<Transaction<'static, Postgres>> {
        Ok(database::begin(&self.pool, home.key()).await?)
    }
}
