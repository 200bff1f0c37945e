//! What a leaf of the log commits to.

use time::OffsetDateTime;
use uuid::Uuid;

use super::merkle::{self, Hash};

/// An event as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The event's id.
    pub event_id: Uuid,
    /// The resource it is about.
    pub subject: String,
    /// What happened.
    pub kind: String,
    /// The facts as JSON, byte for byte as appended.
    pub facts: String,
    /// Who caused it.
    pub actor: String,
    /// When, to the microsecond.
    pub occurred_at: OffsetDateTime,
}

/// An entry at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place, from 0.
    pub index: i64,
    /// The event.
    pub fact: Fact,
    /// Random, so that the commitment tells nothing to who does not know the entry.
    pub salt: Vec<u8>,
    /// SHA-256 of salt and canonical entry.
    pub commitment: Vec<u8>,
    /// The leaf hash.
    pub leaf_hash: Hash,
}

/// The commitment: SHA-256 over `hocba-log-entry-v1`, the salt, and each field with its length before it,
/// so that no two entries share a text.
#[must_use]
pub fn commitment(log: &str, fact: &Fact, salt: &[u8]) -> Vec<u8> {
    let micros = fact.occurred_at.unix_timestamp_nanos() / 1000;
    let fields = [
        "hocba-log-entry-v1",
        log,
        &fact.event_id.to_string(),
        &fact.subject,
        &fact.kind,
        &fact.facts,
        &fact.actor,
        &micros.to_string(),
    ];
    let mut bytes = salt.to_vec();
    for field in fields {
        bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
        bytes.extend_from_slice(field.as_bytes());
    }
    ring::digest::digest(&ring::digest::SHA256, &bytes)
        .as_ref()
        .to_vec()
}

impl Entry {
    /// The entry of a fact at a place.
    #[must_use]
    pub fn new(log: &str, index: i64, fact: Fact, salt: Vec<u8>) -> Self {
        let commitment = commitment(log, &fact, &salt);
        let leaf_hash = merkle::leaf(&commitment);
        Self {
            index,
            fact,
            salt,
            commitment,
            leaf_hash,
        }
    }

    /// Whether the entry still says what was committed to.
    #[must_use]
    pub fn holds(&self, log: &str) -> bool {
        self.commitment == commitment(log, &self.fact, &self.salt)
            && self.leaf_hash == merkle::leaf(&self.commitment)
    }
}
