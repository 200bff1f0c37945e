//! Wire to model and back; decides nothing.

pub mod internal;
pub mod term;

/// Serves the public and the internal service.
pub struct Api(pub crate::State);
