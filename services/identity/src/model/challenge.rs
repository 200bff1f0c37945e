//! Challenges for security keys. One is not stored when it is given: it carries a nonce, its end and our
//! keyed digest over both and over what it is for, so that it answers for nothing else.

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::act_token::{Digest, Purpose};

/// How long a challenge may be answered.
pub const LIFETIME: Duration = Duration::minutes(5);

/// Bytes of chance in a challenge; WebAuthn asks for 16 at least.
pub const NONCE: usize = 16;

/// What a challenge is for.
#[derive(Debug, Clone)]
pub enum Usage {
    /// A sign-in, of whomever.
    SignIn,
    /// One act of a person.
    StepUp {
        /// Whose.
        account: Uuid,
        /// For what.
        purpose: Purpose,
        /// On what.
        digest: Digest,
    },
    /// The registration of a key.
    Register {
        /// Whose.
        account: Uuid,
    },
}

/// A challenge as it came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    nonce: [u8; NONCE],
    end: i64,
    mac: [u8; 32],
}

/// Why a challenge is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stale {
    /// Not one of ours, or for another use.
    Unknown,
    /// Older than five minutes.
    Expired,
    /// Answered before.
    Used,
}

impl Stale {
    /// The word in error metadata.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Used => "used",
        }
    }
}

/// What our keyed digest is over. Every part but the last has one length or no line break.
pub fn message(usage: &Usage, nonce: &[u8; NONCE], end: i64) -> Vec<u8> {
    let mut message = nonce.to_vec();
    message.extend(end.to_be_bytes());
    message.extend(match usage {
        Usage::SignIn => b"sign_in".to_vec(),
        Usage::StepUp {
            account,
            purpose,
            digest,
        } => format!("step_up\n{account}\n{}\n{}", purpose.as_str(), digest.as_str()).into_bytes(),
        Usage::Register { account } => format!("register\n{account}").into_bytes(),
    });
    message
}

impl Challenge {
    /// A challenge of these parts.
    pub fn new(nonce: [u8; NONCE], end: OffsetDateTime, mac: [u8; 32]) -> Self {
        Self {
            nonce,
            end: end.unix_timestamp(),
            mac,
        }
    }

    /// Reads one.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (nonce, rest) = bytes.split_first_chunk()?;
        let (end, mac) = rest.split_first_chunk()?;
        Some(Self {
            nonce: *nonce,
            end: i64::from_be_bytes(*end),
            mac: mac.try_into().ok()?,
        })
    }

    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        [self.nonce.as_slice(), &self.end.to_be_bytes(), &self.mac].concat()
    }

    /// What the keyed digest must be over, for a use.
    pub fn message(&self, usage: &Usage) -> Vec<u8> {
        message(usage, &self.nonce, self.end)
    }

    /// Judges it by the keyed digest it should carry. Compares to the end, so that time tells nothing.
    pub fn judge(&self, mac: &[u8], now: OffsetDateTime) -> Result<(), Stale> {
        let differ = mac.len() != self.mac.len()
            || mac.iter().zip(&self.mac).fold(0, |all, (a, b)| all | (a ^ b)) != 0;
        if differ {
            return Err(Stale::Unknown);
        }
        if now.unix_timestamp() >= self.end {
            return Err(Stale::Expired);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};
    use uuid::Uuid;

    use super::{Challenge, LIFETIME, Stale, Usage, message};
    use crate::model::act_token::{Digest, Purpose};

    #[test]
    fn reads_what_it_wrote_and_ends() {
        let now = datetime!(2026-01-01 0:00 UTC);
        let challenge = Challenge::new([7; 16], now + LIFETIME, [9; 32]);
        assert_eq!(Challenge::read(&challenge.bytes()), Some(challenge.clone()));
        assert_eq!(challenge.judge(&[9; 32], now), Ok(()));
        assert_eq!(challenge.judge(&[8; 32], now), Err(Stale::Unknown));
        assert_eq!(challenge.judge(&[9; 31], now), Err(Stale::Unknown));
        let late = now + LIFETIME;
        assert_eq!(challenge.judge(&[9; 32], late - Duration::seconds(1)), Ok(()));
        assert_eq!(challenge.judge(&[9; 32], late), Err(Stale::Expired));
        assert_eq!(Challenge::read(&[0; 55]), None);
        assert_eq!(Challenge::read(&[0; 57]), None);
    }

    #[test]
    fn every_use_has_its_own_message() {
        let purpose = |text| Purpose::parse(text).unwrap();
        let digest = |letter: &str| Digest::parse(&letter.repeat(64)).unwrap();
        let step_up = |account, of, letter| Usage::StepUp {
            account,
            purpose: purpose(of),
            digest: digest(letter),
        };
        let uses = [
            Usage::SignIn,
            Usage::Register { account: Uuid::nil() },
            Usage::Register { account: Uuid::max() },
            step_up(Uuid::nil(), "dossier.attest", "a"),
            step_up(Uuid::max(), "dossier.attest", "a"),
            step_up(Uuid::nil(), "dossier.consent", "a"),
            step_up(Uuid::nil(), "dossier.attest", "b"),
        ];
        let messages: std::collections::BTreeSet<_> =
            uses.iter().map(|usage| message(usage, &[7; 16], 1)).collect();
        assert_eq!(messages.len(), uses.len());
        assert_ne!(
            message(&Usage::SignIn, &[7; 16], 1),
            message(&Usage::SignIn, &[7; 16], 2)
        );
    }
}
