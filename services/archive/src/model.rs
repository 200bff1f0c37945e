//! The rules as plain types and pure functions.

pub mod book;
pub mod checkpoint;
pub mod evidence;
pub mod log_entry;
pub mod merkle;
pub mod name;
pub mod slot;
