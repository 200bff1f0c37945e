//! One function an RPC: authorize, load, decide, save, in one transaction.

pub mod approval;
pub mod class_package;
pub mod compose;
pub mod evidence;
pub mod log;
pub mod signature;
pub mod year_document;
