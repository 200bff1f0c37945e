//! Evidence as strangers meet it: documents, packages, and what other programs say of them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod document;
mod package;
mod world;
mod xmlsec;
