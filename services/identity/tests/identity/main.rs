//! Identity alone: over real mutual TLS, with a real database.

mod account;
mod activation;
mod bootstrap;
mod database;
mod delegation;
mod directory;
mod harness;
mod internal;
mod network;
mod role;
mod sign_in;
mod step_up;
