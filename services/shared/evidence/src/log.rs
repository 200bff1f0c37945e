//! The append-only log of a school: what its entries commit to, its tree, its signed heads.

pub mod checkpoint;
pub mod entry;
pub mod merkle;
