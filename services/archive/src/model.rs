//! The rules as plain types and pure functions.

pub mod evidence;
pub mod name;
pub mod place;
pub mod slot;
pub mod tarball;
