//! Workflow alone over real mutual TLS with a real database; its peers answer by their contracts.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod dossiers;
mod lock_orders;
mod peers;
mod reviews;
mod sealed;
mod tracks;
mod world;
