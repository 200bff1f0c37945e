//! The rules of locking as plain types: no I/O, no clock, no randomness.

pub mod change;
pub mod name;
pub mod scope;
pub mod term;
