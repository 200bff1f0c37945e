//! hocba-vault: what stands encrypted at rest. It promises that a value opens in the place it was sealed for and in
//! no other, and that who has the database without the master key has nothing.
//!
//! Map: [`Master`] a service's one master key, from which every use derives a key of its own · [`Cipher`] seals and
//! opens values, each bound to its place · [`DataKeys`] the key of every pupil or person, wrapped by the master: forgetting
//! a wrapped key forgets all it sealed · [`Index`] keyed digests, by which a sealed value is found again.
//!
//! No I/O but reading the key's file, no clock; randomness is the operating system's.

mod cipher;
mod index;
mod master;

pub use cipher::{Cipher, DataKeys};
pub use index::Index;
pub use master::Master;

/// Why a value did not seal or open. Says nothing of the value or the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The operating system gave no randomness, or the cipher refused.
    #[error("sealing failed")]
    Sealing,
    /// The bytes are damaged, stand in another place, or belong to another key.
    #[error("what stands sealed does not open here")]
    Opening,
}
