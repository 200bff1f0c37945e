//! Records alone over real mutual TLS with a real database: import, entry, seal, lock, tampering.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod class_check;
mod comment_bank;
mod completeness;
mod correction;
mod district;
mod entry;
mod feed;
mod finished;
mod house;
mod import;
mod integrator;
mod mark_file;
mod month;
mod movement;
mod need;
mod paths;
mod place;
mod pupil;
mod reassessment;
mod roll_over;
mod rule_set;
mod secrecy;
mod spot_check;
mod summary;
mod task;
mod year_result;
