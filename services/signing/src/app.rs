//! One function an RPC.

pub mod authorization;
pub mod ceremony;
pub mod certificate;
pub mod key;
pub mod peer;
pub mod sign;
