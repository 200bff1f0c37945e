//! hocba-lock: epochs, fences, windows and scopes of terms (A6.3, A10.2, A5.2c, A11.1a).
//!
//! Promises: **T1** once a closing is acknowledged with epoch *e*, no row of the term with a lower epoch
//! commits in any guarded database · **T2** a closing seals what was being entered, in the fence's own
//! transaction · **T3** a change is granted or refused within a bound; what was decided is finished by
//! itself, also after a crash · **T4** epochs only rise, outlive Redis, are never used twice · **T5** Redis
//! shows and wakes; only a guarded database's own transaction accepts.
//!
//! Map: [`model`] the rules as a state machine (`tests/model.rs` explores it) · [`store`] terms as rows ·
//! [`app`] one function an RPC, and [`app::drive`] which carries decisions into the guards · [`guard`] the
//! guarded databases · [`mirror`] Redis · [`api`] the RPCs, [`wire`] their messages.

use std::sync::Arc;

use hocba_chassis::{
    Context,
    config::read_secret,
    run::{Built, Definition},
};
use hocba_policy::Policy;
use hocba_proto::lock::{
    lock_internal_service_server::LockInternalServiceServer, lock_service_server::LockServiceServer,
};

pub mod api;
pub mod app;
pub mod config;
pub mod error;
pub mod guard;
pub mod mirror;
pub mod model;
pub mod state;
pub mod store;
pub mod wire;

pub use config::Config;
pub use error::Error;
pub use state::State;

/// Every RPC and who may call it; the rules stand in policies/lock.cedar, and a method without one keeps
/// the service from starting.
pub mod rpc {
    /// Everybody of the school.
    pub const GET_TERM: &str = "hocba.lock.v1.LockService/GetTerm";
    /// Everybody of the school.
    pub const WATCH_TERM: &str = "hocba.lock.v1.LockService/WatchTerm";
    /// Workflow, for the system admin who executes an order.
    pub const CLOSE_TERM: &str = "hocba.lock.v1.LockInternalService/CloseTerm";
    /// Workflow, for the system admin who executes an order.
    pub const OPEN_WINDOW: &str = "hocba.lock.v1.LockInternalService/OpenWindow";
    /// Workflow, for the requester of a permitted dossier.
    pub const OPEN_SCOPE: &str = "hocba.lock.v1.LockInternalService/OpenScope";
    /// Workflow.
    pub const REPORT_SCOPE_USED: &str = "hocba.lock.v1.LockInternalService/ReportScopeUsed";
    /// Workflow, for whoever sees the order.
    pub const COUNT_OPEN_SESSIONS: &str = "hocba.lock.v1.LockInternalService/CountOpenSessions";

    /// The services they belong to.
    pub const SERVICES: &[&str] = &["hocba.lock.v1.LockService", "hocba.lock.v1.LockInternalService"];
}

/// The service's own migrations, versions from 1001.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// What the service is called and what its database needs.
pub const DEFINITION: Definition = Definition {
    name: "lock",
    migrations: &[&MIGRATIONS],
};

/// Puts the service together.
///
/// # Errors
/// A peer or Redis that is not configured, or a method without a policy.
pub async fn build(context: Context, config: Config) -> anyhow::Result<Built> {
    let policy = Policy::load()?;
    policy.require_covered(rpc::SERVICES)?;
    let guards = guard::Guards {
        records: context.peer("records", &config.records_addr)?,
        archive: context.peers.channel("archive")?,
    };
    let mirror = mirror::Mirror::new(&read_secret(&config.redis_url_file)?)?;
    let state = State::new(&context, policy, guards, mirror);
    let api = Arc::new(api::Api(state.clone()));
    let mut routes = tonic::service::Routes::builder();
    routes
        .add_service(LockServiceServer::from_arc(Arc::clone(&api)))
        .add_service(LockInternalServiceServer::from_arc(api));
    Ok(Built::new(routes.routes())
        .task(app::resume::recover_all(state.clone()))
        .task(app::resume::keep_going(state.clone()))
        .task(mirror::listen(state)))
}
