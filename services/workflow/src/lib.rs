//! hocba-workflow: what needs several people (A5 A6.3 A6.5 A11.1).
//!
//! Promises: **W1** an order is executed by another person than the one who decided it, each with a fresh second
//! factor over its content · **W2** what was ordered, submitted or decided never changes afterwards · **W3** a
//! correction has evidence, the principal's consent and three witnesses, all different people where the regulation
//! says so, before it is applied, and is applied once · **W4** a late correction has the principal's reason, and
//! every related document is followed up · **W5** what was begun is finished after a crash: executions and the
//! archive's knowledge of approvals · **W6** what people wrote into dossiers and reviews, and their act tokens, stand
//! sealed in the database.
//!
//! Map: [`model`] the rules · [`store`] rows · [`app`] one function an RPC, and [`app::finish`] which carries on
//! what a crash left · [`cell`] the contract's cells · [`api`] wire to model and back.

use std::sync::Arc;

use hocba_chassis::{
    Context,
    run::{Built, Definition},
};
use hocba_policy::Policy;
use hocba_proto::workflow::workflow_service_server::WorkflowServiceServer;
use hocba_vault::Master;
use tonic::service::Routes;

pub mod api;
pub mod app;
pub mod cell;
pub mod config;
pub mod error;
pub mod model;
pub mod state;
pub mod store;

pub use config::Config;
pub use error::Error;
pub use state::State;

/// The service's own migrations, versions from 1001.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// What the service is called and what its database needs.
pub const DEFINITION: Definition = Definition {
    name: "workflow",
    migrations: &[&MIGRATIONS],
};

/// Puts the service together.
///
/// # Errors
/// A peer that is not configured, or a method without a policy.
pub async fn build(context: Context, config: Config) -> anyhow::Result<Built> {
    let policy = Policy::load()?;
    policy.require_covered(&["hocba.workflow.v1.WorkflowService"])?;
    let state = Arc::new(State {
        clock: context.clock,
        pool: context.pool.clone(),
        policy,
        tokens: context.tokens.clone(),
        seals: store::sealed::Seals::new(&Master::read(&config.master_key_file, DEFINITION.name)?)?,
        records: context.peer("records", &config.records_addr)?,
        lock: context.peer("lock", &config.lock_addr)?,
        archive: context.peers.channel("archive")?,
    });
    let routes = Routes::new(WorkflowServiceServer::new(api::Server(Arc::clone(&state))));
    Ok(Built::new(routes).task(app::finish::run(state)))
}
