//! Signing alone over real mutual TLS with a real database; identity and archive answer what the test says.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod ceremonies;
mod keys;
mod world;
