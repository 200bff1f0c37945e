//! What every RPC works with.

use std::sync::Arc;

use hocba_chassis::{Clock, Context};
use hocba_evidence::Anchors;
use hocba_policy::Policy;
use hocba_vault::Index;
use ring::signature::Ed25519KeyPair;
use sqlx::PgPool;
use tokio::sync::Notify;
use tonic::transport::Channel;

use crate::store::object::Objects;

/// Keyed digests: who has them without the master key cannot try values out.
#[derive(Debug)]
pub struct Digests {
    /// Of facts, to see whether they changed.
    pub facts: Index,
    /// The salts of a document's sections.
    pub salts: Index,
}

/// Shared by all calls; cheap to clone.
#[derive(Clone)]
pub struct State {
    /// Now.
    pub clock: Clock,
    /// Our database.
    pub pool: PgPool,
    /// Who may do what.
    pub policy: Arc<Policy>,
    /// Sealed bytes.
    pub objects: Objects,
    /// Keyed digests.
    pub digests: Arc<Digests>,
    /// Records, for the facts of a class.
    pub records: Channel,
    /// Authorities whose signatures are trusted.
    pub anchors: Arc<Anchors>,
    /// Signs the heads of the logs.
    pub log_key: Arc<Ed25519KeyPair>,
    /// Wakes the sequencer.
    pub appended: Arc<Notify>,
}

impl State {
    /// Of a running service.
    #[must_use]
    pub fn new(
        context: &Context,
        policy: Policy,
        objects: Objects,
        digests: Digests,
        records: Channel,
        anchors: Anchors,
        log_key: Ed25519KeyPair,
    ) -> Self {
        Self {
            clock: context.clock,
            pool: context.pool.clone(),
            policy: Arc::new(policy),
            objects,
            digests: Arc::new(digests),
            records,
            anchors: Arc::new(anchors),
            log_key: Arc::new(log_key),
            appended: Arc::default(),
        }
    }
}
