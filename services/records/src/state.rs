//! What every RPC stands on.

use std::{collections::HashMap, sync::Mutex};

use hocba_chassis::{Caller, Clock, Failure, database, token_keys::Tokens};
use hocba_policy::{Policy, Resource};
use sqlx::{PgPool, Postgres, Transaction};
use time::Date;
use tonic::transport::Channel;

use crate::{
    error::Error,
    model::{completeness::Overview, place::Place, rule_set::RuleSet},
    pulse::Pulse,
    vault::Vault,
};

/// A school's id and a year's.
pub type SchoolInYear = (String, String);

/// What every RPC stands on.
#[derive(Debug)]
pub struct State {
    /// The database.
    pub pool: PgPool,
    /// Who may do what.
    pub policy: Policy,
    /// Now.
    pub clock: Clock,
    /// Judges act tokens.
    pub tokens: Tokens,
    /// What stands sealed in the database.
    pub vault: Vault,
    /// Identity, asked for a school's authority; absent where none is configured.
    pub identity: Option<Channel>,
    /// The rules of assessment.
    pub rule_sets: &'static [RuleSet],
    /// The provinces this build ships.
    pub places: Vec<Place>,
    /// Tells watchers of changes.
    pub pulse: Pulse,
    /// Counts of a school and year, with the change and the day they are true of.
    pub overviews: Mutex<HashMap<SchoolInYear, (i64, Date, Overview)>>,
}

impl State {
    /// Begins a transaction that sees one school.
    pub async fn begin(&self, school: &str) -> Result<Transaction<'static, Postgres>, Error> {
        Ok(database::begin(&self.pool, school).await?)
    }

    /// Asks the policy about an RPC of the public service.
    pub fn authorize(&self, caller: &Caller, method: &str, resource: &Resource) -> Result<(), Failure> {
        let rpc = format!("hocba.records.v1.RecordsService/{method}");
        self.policy.authorize(caller, &rpc, resource).map(drop)
    }

    /// Asks the policy about an RPC of the internal service.
    pub fn authorize_internal(
        &self,
        caller: &Caller,
        method: &str,
        resource: &Resource,
    ) -> Result<(), Failure> {
        let rpc = format!("hocba.records.v1.RecordsInternalService/{method}");
        self.policy.authorize(caller, &rpc, resource).map(drop)
    }
}
