//! The second factor as it is given: a code of the authenticator, or the answer of a security key.

use uuid::Uuid;

use super::webauthn::{Flaw, assertion::Assertion};

/// What somebody gives as second factor.
pub enum Given {
    /// The code now shown.
    Code(String),
    /// A security key's answer to a challenge.
    Key(Box<Assertion>),
}

/// A second factor that is right and not spent yet.
pub enum Proved {
    /// A code: the step it belongs to.
    Code {
        /// The step.
        step: i64,
    },
    /// A security key's answer.
    Key {
        /// The key.
        id: Uuid,
        /// Its signature counter after the answer.
        count: u32,
        /// The challenge it answered.
        challenge: Vec<u8>,
    },
}

/// A second factor that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// The code is none of now.
    Code,
    /// What is wrong with the key's answer.
    Key(Flaw),
}
