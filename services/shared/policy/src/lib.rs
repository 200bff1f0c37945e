//! hocba-policy: who may do what, under which article. Deny by default.
//!
//! The rules are Cedar policies, one file a service under `policies/`, each with `@id` and `@article`.
//! Every RPC of the contract is an action; a service whose RPC has no rule refuses to start
//! ([`Policy::require_covered`]). Relations such as `teacher` are proved by the app beforehand and told to
//! the decision; the policy never asks a database.

pub mod contract;
pub mod decision;
pub mod resource;

pub use decision::{Granted, Policy};
pub use resource::Resource;
