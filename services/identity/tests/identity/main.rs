//! Identity alone: over real mutual TLS, with a real database.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod account;
mod activation;
mod assertion;
mod authenticator;
mod bootstrap;
mod database;
mod delegation;
mod directory;
mod harness;
mod impersonation;
mod incident;
mod integrator;
mod internal;
mod network;
mod password;
mod recovery;
mod recovery_refused;
mod role;
mod security;
mod security_key;
mod sign_in;
mod staff_group;
mod staff_profile;
mod stay;
mod step_up;
mod task;
mod working_group;
