//! Act tokens: what a fresh second factor may be given for.

use uuid::Uuid;

/// The acts of the regulation that need one, as `purpose` names them.
const PURPOSES: [&str; 13] = [
    "password.change",
    "security_key.add",
    "security_key.remove",
    "recovery.approve",
    "lock_order.decide",
    "lock_order.execute",
    "dossier.consent",
    "dossier.attest",
    "review.decide",
    "certificate.authorize",
    "key.create",
    "ceremony.sign",
    "promotion.decide",
];

/// A known purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purpose(&'static str);

impl Purpose {
    /// Reads a purpose.
    pub fn parse(text: &str) -> Option<Self> {
        PURPOSES.into_iter().find(|known| *known == text).map(Self)
    }

    /// The text.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

/// SHA-256 of what is acted on, 64 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest(String);

impl Digest {
    /// Reads a digest.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if text.len() != 64 || !text.chars().all(hex) {
            return Err("must be 64 lower-case hex digits");
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The use a code is spent on: another act is another use, the same act twice is a replay.
pub fn code_use(purpose: Purpose, digest: &Digest) -> String {
    format!("step_up:{}:{}", purpose.as_str(), digest.as_str())
}

/// What was given out: one row of the history.
pub struct Issue {
    /// The token's id.
    pub id: Uuid,
    /// Who acts.
    pub account: Uuid,
    /// In which sign-in.
    pub sign_in: Uuid,
    /// In which role.
    pub role: String,
    /// By which delegation, when acting for another.
    pub delegation: Option<Uuid>,
    /// For what.
    pub purpose: Purpose,
    /// On what.
    pub digest: Digest,
    /// Whether inside the school.
    pub premises: bool,
}

#[cfg(test)]
mod tests {
    use super::{Digest, Purpose, code_use};

    #[test]
    fn another_digest_is_another_use() {
        let purpose = Purpose::parse("dossier.attest").unwrap();
        let one = Digest::parse(&"a".repeat(64)).unwrap();
        let two = Digest::parse(&"b".repeat(64)).unwrap();
        assert_ne!(code_use(purpose, &one), code_use(purpose, &two));
    }

    #[test]
    fn unknown_purposes_and_odd_digests_are_refused() {
        assert!(Purpose::parse("dossier.attest ").is_none());
        assert!(Digest::parse(&"A".repeat(64)).is_err());
        assert!(Digest::parse("ab").is_err());
    }
}
