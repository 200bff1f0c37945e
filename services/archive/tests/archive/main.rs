//! The archive alone over real mutual TLS with a real database.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod documents;
mod evidence;
mod log;
mod packages;
mod sealed;
mod signing;
mod world;
