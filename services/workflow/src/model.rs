//! The rules as plain types and pure functions.

pub mod course;
pub mod dossier;
pub mod lines;
pub mod lock_order;
pub mod review;
