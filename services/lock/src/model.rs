//! The rules of locking as plain types: no I/O, no clock, no randomness.

pub mod name;
pub mod scope;
pub mod term;
