//! The SQL; decides nothing.

pub mod dossier;
pub mod lock_order;
pub mod review;
pub mod sealed;
