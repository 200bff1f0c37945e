//! Wire to model and back; decides nothing.

pub mod internal;
pub mod public;

/// Serves the public and the internal service.
pub struct Api(pub crate::State);
