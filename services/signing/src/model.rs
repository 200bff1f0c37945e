//! The rules as plain types and pure functions.

pub mod ceremony;
pub mod digest;
pub mod kind;
pub mod name;
pub mod passphrase;
pub mod wrapped_key;
