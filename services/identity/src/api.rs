//! The wire: parses requests to model types, all violations at once, and writes results. Decides nothing.

pub mod account;
pub mod activation;
pub mod authority;
pub mod challenge;
pub mod delegation;
pub mod form;
pub mod incident;
pub mod integrator;
pub mod internal;
pub mod jwks;
pub mod name;
pub mod network;
pub mod paging;
pub mod password;
pub mod people;
pub mod recovery;
pub mod role_binding;
pub mod school;
pub mod security;
pub mod security_key;
pub mod service;
pub mod sign_in;
pub mod staff_group;
pub mod staff_group_role;
pub mod staff_profile;
pub mod step_up;
pub mod task;
pub mod working_group;

/// What every handler answers.
pub type Answer<T> = Result<tonic::Response<T>, tonic::Status>;
