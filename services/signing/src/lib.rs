//! hocba-signing: keys, certificates and ceremonies (A2 A7.1 A8.3).
//!
//! Promises: **S1** a key here opens only with words that its holder alone has; who takes the database and the
//! disk signs nothing · **S2** no certificate without the principal's decision and the holder's own second
//! factor, each used once · **S3** what is signed is exactly the list that was shown, with one fresh second
//! factor; what changed since is refused · **S4** the seal is applied on the premises only · **S5** a ceremony
//! that was cut short is finished by signing again, and nothing is signed twice.
//!
//! Map: [`authority`] the deployment's CA · [`model`] the rules · [`store`] rows · [`app`] one function an RPC ·
//! [`wire`] model to messages · [`api`] the service.

use std::sync::Arc;

use hocba_chassis::{
    Context,
    run::{Built, Definition},
};
use hocba_policy::Policy;
use hocba_proto::signing::signing_service_server::SigningServiceServer;
use tonic::service::Routes;

pub mod api;
pub mod app;
pub mod authority;
pub mod config;
pub mod error;
pub mod model;
pub mod state;
pub mod store;
pub mod wire;

pub use config::Config;
pub use error::Error;
pub use state::State;

/// Every RPC; the rules stand in policies/signing.cedar, and a method without one keeps the service from starting.
pub mod rpc {
    /// The principal.
    pub const BATCH_AUTHORIZE_CERTIFICATES: &str =
        "hocba.signing.v1.SigningService/BatchAuthorizeCertificates";
    /// Whom the authorization names.
    pub const CREATE_PERSONAL_KEY: &str = "hocba.signing.v1.SigningService/CreatePersonalKey";
    /// The office clerk whom the authorization names.
    pub const CREATE_SEAL_KEY: &str = "hocba.signing.v1.SigningService/CreateSealKey";
    /// Staff of the school.
    pub const GET_CERTIFICATE: &str = "hocba.signing.v1.SigningService/GetCertificate";
    /// Staff of the school.
    pub const LIST_CERTIFICATES: &str = "hocba.signing.v1.SigningService/ListCertificates";
    /// The principal, the holder.
    pub const REVOKE_CERTIFICATE: &str = "hocba.signing.v1.SigningService/RevokeCertificate";
    /// Anybody signed in.
    pub const GET_TRUST_ANCHORS: &str = "hocba.signing.v1.SigningService/GetTrustAnchors";
    /// Staff of the school.
    pub const CREATE_CEREMONY: &str = "hocba.signing.v1.SigningService/CreateCeremony";
    /// Its signer, the principal.
    pub const GET_CEREMONY: &str = "hocba.signing.v1.SigningService/GetCeremony";
    /// Its signer.
    pub const SIGN_CEREMONY: &str = "hocba.signing.v1.SigningService/SignCeremony";
    /// Staff of the school.
    pub const LIST_CEREMONIES: &str = "hocba.signing.v1.SigningService/ListCeremonies";

    /// The services they belong to.
    pub const SERVICES: &[&str] = &["hocba.signing.v1.SigningService"];
}

/// The service's own migrations, versions from 1001.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// What the service is called and what its database needs.
pub const DEFINITION: Definition = Definition {
    name: "signing",
    migrations: &[&MIGRATIONS],
};

/// Puts the service together.
///
/// # Errors
/// An authority or peer that is not configured, or a method without a policy.
pub async fn build(context: Context, config: Config) -> anyhow::Result<Built> {
    let policy = Policy::load()?;
    policy.require_covered(rpc::SERVICES)?;
    let state = Arc::new(State {
        clock: context.clock,
        pool: context.pool.clone(),
        policy,
        tokens: context.tokens.clone(),
        identity: context.peers.channel("identity")?,
        archive: context.peers.channel("archive")?,
        authority: authority::Authority::open(&config.ca_dir)?,
        opening: tokio::sync::Semaphore::new(state::OPENINGS),
    });
    Ok(Built::new(Routes::new(SigningServiceServer::new(api::Server(
        state,
    )))))
}
