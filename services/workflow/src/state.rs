//! What every RPC works with.

use hocba_chassis::{Caller, Clock, Failure, database, token_keys::Tokens};
use hocba_policy::{Policy, Resource};
use sqlx::{PgPool, Postgres, Transaction};
use tonic::transport::Channel;

use crate::{error::Error, store::sealed::Seals};

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
    /// Keys of what stands sealed.
    pub seals: Seals,
    /// Records, for corrections.
    pub records: Channel,
    /// Lock, for orders and scopes.
    pub lock: Channel,
    /// Archive, for evidence, approvals and related documents.
    pub archive: Channel,
}

impl State {
    /// Begins a transaction that sees one school.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin(&self, school: &str) -> Result<Transaction<'static, Postgres>, Error> {
        Ok(database::begin(&self.pool, school).await?)
    }

    /// Asks the policy.
    ///
    /// # Errors
    /// PERMISSION_DENIED, OTHER_SCHOOL.
    pub fn authorize(&self, caller: &Caller, method: &str, resource: &Resource) -> Result<(), Failure> {
        let rpc = format!("hocba.workflow.v1.WorkflowService/{method}");
        self.policy.authorize(caller, &rpc, resource).map(drop)
    }
}
