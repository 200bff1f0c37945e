//! Records alone over real mutual TLS with a real database: import, entry, seal, lock, tampering.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod class_check;
mod correction;
mod district;
mod entry;
mod house;
mod import;
mod month;
mod movement;
mod paths;
mod pupil;
mod rule_set;
mod secrecy;
mod year_result;
