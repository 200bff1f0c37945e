//! Ceremonies and what becomes of their documents.

use time::OffsetDateTime;
use uuid::Uuid;

/// A ceremony.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceremony {
    /// Its id.
    pub id: Uuid,
    /// A class or a package.
    pub target: String,
    /// The slots.
    pub slots: Vec<String>,
    /// Who signs.
    pub signer: Uuid,
    /// What the act token binds.
    pub digest: String,
    /// `open`, `signing`, `finished`.
    pub state: String,
    /// When.
    pub created_at: OffsetDateTime,
    /// When it was finished.
    pub finished_at: Option<OffsetDateTime>,
}

/// One document of a ceremony.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The slot it is signed in.
    pub slot: String,
    /// The document's name with version, or the package's name.
    pub document: String,
    /// What was shown.
    pub content_digest: String,
    /// `pending`, `signed`, `refused`.
    pub state: String,
    /// Why it was refused.
    pub reason: String,
}

impl Item {
    /// Not signed yet.
    #[must_use]
    pub fn pending(slot: String, document: String, content_digest: String) -> Self {
        Self {
            slot,
            document,
            content_digest,
            state: "pending".to_owned(),
            reason: String::new(),
        }
    }

    /// As the archive answered: an empty reason is a signature kept.
    pub fn answered(&mut self, reason: String) {
        self.state = if reason.is_empty() { "signed" } else { "refused" }.to_owned();
        self.reason = reason;
    }

    /// Whether it waits.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.state == "pending"
    }
}
