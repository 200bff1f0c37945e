//! What stands encrypted or keyed in the database. One master key; what is done with it uses keys
//! derived from it, one a purpose.

use std::path::Path;

use hocba_vault::{Cipher, DataKeys, Index, Master};
use prost::Message;
use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom as _, SystemRandom},
};
use uuid::Uuid;
use zeroize::Zeroizing;

pub use hocba_vault::Error as VaultError;

/// The master key's uses.
#[derive(Debug)]
pub struct Vault {
    totp: Cipher,
    refresh: Index,
    attempt: Index,
    staff: DataKeys,
    words: Cipher,
    body: Index,
    challenge: Index,
    recovery: Index,
}

impl Vault {
    /// Reads the master key: 32 raw bytes, or 64 hex digits.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let master = Master::read(file, "identity")?;
        Ok(Self {
            totp: master.cipher("totp")?,
            refresh: master.index("refresh")?,
            attempt: master.index("attempt")?,
            staff: master.data_keys("staff")?,
            words: master.cipher("words")?,
            body: master.index("body")?,
            challenge: master.index("challenge")?,
            recovery: master.index("recovery")?,
        })
    }

    /// Random bytes.
    pub fn random<const N: usize>(&self) -> Result<[u8; N], VaultError> {
        let mut bytes = [0; N];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| VaultError::Sealing)?;
        Ok(bytes)
    }

    /// Encrypts the second factor of an account; bound to it, so that a row cannot be moved.
    pub fn seal_totp(&self, account: Uuid, secret: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.totp.seal(&account.to_string(), secret)
    }

    /// Decrypts the second factor of an account.
    pub fn open_totp(&self, account: Uuid, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        self.totp.open(&account.to_string(), sealed)
    }

    /// The refresh token of one place in a family. Derived rather than drawn, so that a repeat within the
    /// grace answers the same successor while the database holds digests only.
    pub fn refresh_token(&self, sign_in: Uuid, generation: i32) -> String {
        let mut message = sign_in.as_bytes().to_vec();
        message.extend_from_slice(&generation.to_be_bytes());
        data_encoding::BASE64URL_NOPAD.encode(&self.refresh.of(&message))
    }

    /// What makes a challenge ours.
    pub fn challenge_mac(&self, message: &[u8]) -> Result<[u8; 32], VaultError> {
        self.challenge
            .of(message)
            .try_into()
            .map_err(|_| VaultError::Sealing)
    }

    /// The chance of a recovery's first half of the code. Derived rather than drawn: nothing is stored
    /// before the approval, which needs it again.
    pub fn recovery_half(&self, recovery: Uuid) -> Vec<u8> {
        self.recovery.of(recovery.as_bytes())
    }

    /// The key under which attempts are counted: names what was tried to nobody who reads the table.
    pub fn attempt_key(&self, kind: &str, what: &str) -> Vec<u8> {
        self.attempt.of(format!("{kind}\n{what}").as_bytes())
    }

    /// The keys of the staff's personal facts, one an account.
    pub fn staff(&self) -> &DataKeys {
        &self.staff
    }

    /// Encrypts what people wrote; bound to the place where it stands.
    pub fn seal_words(&self, place: &str, words: &str) -> Result<Vec<u8>, VaultError> {
        self.words.seal(place, words.as_bytes())
    }

    /// Decrypts what people wrote in this place.
    pub fn open_words(&self, place: &str, sealed: &[u8]) -> Result<String, VaultError> {
        let words = self.words.open(place, sealed)?;
        String::from_utf8(words.to_vec()).map_err(|_| VaultError::Opening)
    }

    /// Stands for a request with personal values where its digest is kept: keyed, so that nobody without the key can
    /// try values out.
    pub fn body(&self, request: &impl Message) -> String {
        data_encoding::BASE64URL_NOPAD.encode(&self.body.of(&request.encode_to_vec()))
    }
}

/// SHA-256, as refresh tokens, clients and activation codes are stored.
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use uuid::Uuid;

    use super::Vault;

    #[test]
    fn refresh_tokens_differ_by_place_and_repeat_by_it() {
        let file = std::env::temp_dir().join(format!("hocba-vault-{}", Uuid::now_v7()));
        fs::write(&file, "ab".repeat(32)).unwrap();
        let (vault, sign_in) = (Vault::read(&file).unwrap(), Uuid::now_v7());
        fs::remove_file(file).unwrap();
        assert_eq!(vault.refresh_token(sign_in, 1), vault.refresh_token(sign_in, 1));
        assert_ne!(vault.refresh_token(sign_in, 1), vault.refresh_token(sign_in, 2));
    }
}
