//! The rules as plain types and pure functions.

pub mod evidence;
pub mod name;
pub mod place;
pub mod score;
pub mod slot;
pub mod tarball;
