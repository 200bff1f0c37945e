//! hocba-archive: evidence files, year documents, packages, and the log nobody rewrites unnoticed
//! (A2 A3 A5.2 A11).
//!
//! Promises: **V1** bytes once kept are never overwritten and are checked against their digest when read ·
//! **V2** a document is signed in its order only, and every signature is verified before it is stored ·
//! **V3** a version that was signed is never changed: new facts make a new version, the old one stays ·
//! **V4** a package is complete: it exists only when the whole roster is sealed · **V5** an event is in its
//! log once; an entry changed or taken out shows when the tree is computed again · **V6** after the books
//! are locked no document and no package is written · **V7** nothing lies in the object store unsealed: a book under
//! its pupil's key, evidence and packages under the school's, and no digest beside it tells what is inside.
//!
//! Map: [`model`] the rules · [`store`] rows and objects · [`app`] one function an RPC, and
//! [`app::log::sequence`] which integrates events · [`guard`] the fence of the books · [`facts`] records' facts
//! to sections · [`wire`] model to messages · [`api`] the services.

use std::sync::Arc;

use futures::FutureExt as _;
use hocba_chassis::{
    Context,
    config::read_secret_bytes,
    relay::Sink,
    run::{Built, Definition},
};
use hocba_evidence::Anchors;
use hocba_fence::FenceServer;
use hocba_policy::Policy;
use hocba_proto::archive::{
    archive_internal_service_server::ArchiveInternalServiceServer,
    archive_service_server::ArchiveServiceServer,
};
use hocba_vault::Master;
use ring::signature::Ed25519KeyPair;

pub mod api;
pub mod app;
pub mod config;
pub mod error;
pub mod facts;
pub mod guard;
pub mod model;
pub mod state;
pub mod store;
pub mod wire;

pub use config::Config;
pub use error::Error;
pub use state::State;

/// Every RPC and who may call it; the rules stand in policies/archive.cedar, and a method without one keeps
/// the service from starting.
pub mod rpc {
    /// Staff who prepare dossiers.
    pub const UPLOAD_EVIDENCE: &str = "hocba.archive.v1.ArchiveService/UploadEvidence";
    /// Staff of the school.
    pub const GET_EVIDENCE: &str = "hocba.archive.v1.ArchiveService/GetEvidence";
    /// The management board, the homeroom teacher, the system admin.
    pub const COMPOSE_YEAR_DOCUMENTS: &str = "hocba.archive.v1.ArchiveService/ComposeYearDocuments";
    /// Staff of the school.
    pub const LIST_YEAR_DOCUMENTS: &str = "hocba.archive.v1.ArchiveService/ListYearDocuments";
    /// Staff of the school.
    pub const GET_YEAR_DOCUMENT: &str = "hocba.archive.v1.ArchiveService/GetYearDocument";
    /// The management board, the inspector, the clerk, the signers of the document.
    pub const DOWNLOAD_YEAR_DOCUMENT: &str = "hocba.archive.v1.ArchiveService/DownloadYearDocument";
    /// Staff of the school.
    pub const VERIFY_YEAR_DOCUMENT: &str = "hocba.archive.v1.ArchiveService/VerifyYearDocument";
    /// The management board, the system admin, the clerk.
    pub const CREATE_CLASS_PACKAGE: &str = "hocba.archive.v1.ArchiveService/CreateClassPackage";
    /// The same and the inspector.
    pub const GET_CLASS_PACKAGE: &str = "hocba.archive.v1.ArchiveService/GetClassPackage";
    /// The management board, the system admin, the clerk.
    pub const DOWNLOAD_CLASS_PACKAGE: &str = "hocba.archive.v1.ArchiveService/DownloadClassPackage";
    /// Staff of the school; the deployment's log: operators.
    pub const GET_CHECKPOINT: &str = "hocba.archive.v1.ArchiveService/GetCheckpoint";
    /// The management board and the inspector; the deployment's log: operators.
    pub const LIST_LOG_ENTRIES: &str = "hocba.archive.v1.ArchiveService/ListLogEntries";
    /// The management board and the inspector; the deployment's log: operators.
    pub const GET_INCLUSION_PROOF: &str = "hocba.archive.v1.ArchiveService/GetInclusionProof";
    /// Every service, without a person.
    pub const APPEND_EVENTS: &str = "hocba.archive.v1.ArchiveInternalService/AppendEvents";
    /// Signing, for the signer.
    pub const LIST_DOCUMENTS_TO_SIGN: &str = "hocba.archive.v1.ArchiveInternalService/ListDocumentsToSign";
    /// Signing, for the signer.
    pub const PUT_SIGNATURES: &str = "hocba.archive.v1.ArchiveInternalService/PutSignatures";
    /// Workflow.
    pub const RECORD_APPROVAL: &str = "hocba.archive.v1.ArchiveInternalService/RecordApproval";
    /// Workflow.
    pub const LIST_RELATED_DOCUMENTS: &str = "hocba.archive.v1.ArchiveInternalService/ListRelatedDocuments";
    /// Workflow.
    pub const CHECK_EVIDENCE: &str = "hocba.archive.v1.ArchiveInternalService/CheckEvidence";

    /// The services they belong to.
    pub const SERVICES: &[&str] = &[
        "hocba.archive.v1.ArchiveService",
        "hocba.archive.v1.ArchiveInternalService",
    ];
}

/// The service's own migrations, versions from 1001.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// What the service is called and what its database needs.
pub const DEFINITION: Definition = Definition {
    name: "archive",
    migrations: &[&hocba_fence::MIGRATIONS, &MIGRATIONS],
};

/// Puts the service together.
///
/// # Errors
/// A folder, key or peer that is not configured, or a method without a policy.
pub async fn build(context: Context, config: Config) -> anyhow::Result<Built> {
    let policy = Policy::load()?;
    policy.require_covered(rpc::SERVICES)?;
    let key = read_secret_bytes(&config.log_key_file)?;
    let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&key)
        .map_err(|_| anyhow::anyhow!("the log key is no Ed25519 key in PKCS#8"))?;
    let anchors = Anchors::from_pem(&read_secret_bytes(&config.trust_anchors_file)?)?;
    let master = Master::read(&config.master_key_file, DEFINITION.name)?;
    let objects = store::object::Objects::open(&config.objects_dir, &master)?;
    let digests = state::Digests {
        facts: master.index("facts")?,
        salts: master.index("salts")?,
    };
    let records = context.peer("records", &config.records_addr)?;
    let state = State::new(&context, policy, objects, digests, records, anchors, key);
    let api = Arc::new(api::Api(state.clone()));
    let mut routes = tonic::service::Routes::builder();
    routes
        .add_service(ArchiveServiceServer::from_arc(Arc::clone(&api)))
        .add_service(ArchiveInternalServiceServer::from_arc(api))
        .add_service(FenceServer::new(context.pool.clone(), guard::Books).into_service());
    let own = state.clone();
    let sink = Sink::Local(Arc::new(move |events| {
        let state = own.clone();
        async move { app::log::enqueue(&state, events).await }.boxed()
    }));
    let mut built = Built::new(routes.routes()).task(app::log::sequence(state));
    built.sink = Some(sink);
    Ok(built)
}
