//! The SQL: one file a noun. Decides nothing; names what a constraint means where the query stands.

pub mod account;
pub mod account_event;
pub mod act_token;
pub mod activation;
pub mod attempt;
pub mod authority;
pub mod challenge;
pub mod delegation;
pub mod incident;
pub mod integrator;
pub mod network;
pub mod recovery;
pub mod role_binding;
pub mod school;
pub mod security;
pub mod security_key;
pub mod sign_in;
pub mod staff_group;
pub mod staff_group_role;
pub mod staff_profile;
pub mod task;
pub mod totp;
pub mod working_group;
