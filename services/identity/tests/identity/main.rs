//! Identity alone: over real mutual TLS, with a real database.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod account;
mod activation;
mod bootstrap;
mod database;
mod delegation;
mod directory;
mod harness;
mod incident;
mod internal;
mod network;
mod role;
mod security;
mod sign_in;
mod staff_group;
mod staff_profile;
mod step_up;
mod working_group;
