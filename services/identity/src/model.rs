//! The rules: plain types and pure functions. No clock, no randomness, no I/O: they come as arguments.

pub mod account;
pub mod account_event;
pub mod act_token;
pub mod activation;
pub mod attempt;
pub mod authority;
pub mod day;
pub mod delegation;
pub mod email;
pub mod home;
pub mod incident;
pub mod network;
pub mod password;
pub mod role_binding;
pub mod school;
pub mod security;
pub mod sign_in;
pub mod slug;
pub mod staff_group;
pub mod staff_profile;
pub mod text;
pub mod totp;
pub mod working_group;
