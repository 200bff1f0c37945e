//! A corpus of malformed and odd workbooks: each is read rightly, or gives a finding by row and column, or is refused
//! with words. None panics, none is read by half.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod containers;
mod house;
mod lists;
mod mutants;
