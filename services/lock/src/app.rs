//! One function an RPC: authorize, load, decide, save; then carry the decision out.

pub mod drive;
pub mod lock_order;
pub mod resume;
pub mod scope;
pub mod term;
