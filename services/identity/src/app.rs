//! One function per RPC: authorize, load, decide, save, in one transaction.

pub mod account;
pub mod account_event;
pub mod activation;
pub mod ask;
pub mod attempt;
pub mod authority;
pub mod bootstrap;
pub mod delegation;
pub mod event;
pub mod incident;
pub mod member;
pub mod network;
pub mod resolve;
pub mod role_binding;
pub mod school;
pub mod security;
pub mod sign_in;
pub mod staff_group;
pub mod staff_group_role;
pub mod staff_profile;
pub mod standing;
pub mod step_up;
pub mod sweep;
pub mod working_group;
