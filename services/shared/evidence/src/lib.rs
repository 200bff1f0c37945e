//! hocba-evidence: what must still be provable in twenty years, by strangers and without us.
//!
//! [`document`] an XML document of sections that are signed one by one, with a slot for every signature ·
//! [`xades`] making a signature in two phases (XAdES B-B), with a key we never see · [`verify`] what holds
//! of a document · [`certificate`] who signed, and whose word that is · [`package`] the bag of a class
//! (BagIt) and what holds of it · [`log`] the append-only log: entries, tree, signed heads.
//!
//! Nothing here reads a file, a clock or a network: bytes in, bytes and findings out. Every question has
//! three answers, never two ([`Verdict`]).

pub mod certificate;
pub mod document;
pub mod element;
mod hash;
pub mod log;
pub mod package;
pub mod slot;
mod tree;
pub mod verdict;
pub mod verify;
pub mod xades;

pub use certificate::{Anchors, Certificate};
pub use document::{Document, Section};
pub use element::Element;
pub use hash::sha256;
pub use slot::Kind;
pub use verdict::{Finding, Verdict};

/// Why bytes are not one of our documents, certificates or packages, for a program that made them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Flaw(pub String);

impl Flaw {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}
