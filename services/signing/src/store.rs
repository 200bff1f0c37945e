//! The SQL; decides nothing.

pub mod authorization;
pub mod ceremony;
pub mod certificate;
pub mod key;
