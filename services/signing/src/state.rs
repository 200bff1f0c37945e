//! What every RPC works with.

use hocba_chassis::{Clock, token_keys::Tokens};
use hocba_policy::Policy;
use sqlx::PgPool;
use tokio::sync::Semaphore;
use tonic::transport::Channel;

use crate::authority::Authority;

/// Keys opened at once: each takes 64 MiB and a core.
pub(crate) const OPENINGS: usize = 2;

/// Shared by all calls.
pub struct State {
    /// Now.
    pub clock: Clock,
    /// Our database.
    pub pool: PgPool,
    /// Who may do what.
    pub policy: Policy,
    /// Judges act tokens.
    pub tokens: Tokens,
    /// Identity, for names as certificates print them.
    pub identity: Channel,
    /// Archive, for what waits to be signed.
    pub archive: Channel,
    /// The deployment's authority.
    pub authority: Authority,
    /// Places for keys being opened.
    pub(crate) opening: Semaphore,
}
