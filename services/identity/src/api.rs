//! The wire: parses requests to model types, all violations at once, and writes results. Decides nothing.

pub mod account;
pub mod activation;
pub mod authority;
pub mod delegation;
pub mod form;
pub mod internal;
pub mod jwks;
pub mod name;
pub mod network;
pub mod paging;
pub mod role_binding;
pub mod school;
pub mod service;
pub mod sign_in;
pub mod step_up;

/// What every handler answers.
pub type Answer<T> = Result<tonic::Response<T>, tonic::Status>;
