//! A key that lies here and is of no use without its holder's words: AES-256-GCM under argon2id.

use argon2::{Algorithm, Argon2, Params, Version};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};
use zeroize::Zeroizing;

/// Bytes of argon2id's memory, in KiB: the words alone hold against guessing, this makes it dearer.
const MEMORY: u32 = 64 * 1024;

/// A wrapped PKCS#8 key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// For argon2id.
    pub salt: Vec<u8>,
    /// For AES-GCM.
    pub nonce: Vec<u8>,
    /// Ciphertext and tag.
    pub wrapped: Vec<u8>,
}

impl WrappedKey {
    /// Wraps a key for a certificate; slow on purpose. `None` without randomness.
    #[must_use]
    pub fn wrap(key: &[u8], words: &str, serial: &str) -> Option<Self> {
        let (mut salt, mut nonce) = ([0; 16], [0; 12]);
        let random = SystemRandom::new();
        random.fill(&mut salt).ok()?;
        random.fill(&mut nonce).ok()?;
        let mut wrapped = key.to_vec();
        let aad = Aad::from(serial.as_bytes());
        let nonce_once = Nonce::assume_unique_for_key(nonce);
        wrapping_key(words, &salt)?
            .seal_in_place_append_tag(nonce_once, aad, &mut wrapped)
            .ok()?;
        Some(Self {
            salt: salt.to_vec(),
            nonce: nonce.to_vec(),
            wrapped,
        })
    }

    /// Opens it; slow on purpose. `None` when the words, or the certificate, are not its own.
    #[must_use]
    pub fn open(&self, words: &str, serial: &str) -> Option<Zeroizing<Vec<u8>>> {
        let key = wrapping_key(words, &self.salt)?;
        let nonce = Nonce::try_assume_unique_for_key(&self.nonce).ok()?;
        let mut bytes = Zeroizing::new(self.wrapped.clone());
        let length = key
            .open_in_place(nonce, Aad::from(serial.as_bytes()), &mut bytes)
            .ok()?
            .len();
        bytes.truncate(length);
        Some(bytes)
    }
}

fn wrapping_key(words: &str, salt: &[u8]) -> Option<LessSafeKey> {
    let params = Params::new(MEMORY, 3, 1, Some(32)).ok()?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(words.as_bytes(), salt, key.as_mut())
        .ok()?;
    Some(LessSafeKey::new(
        UnboundKey::new(&AES_256_GCM, key.as_ref()).ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_with_its_words_for_its_certificate_only() {
        let wrapped = WrappedKey::wrap(b"a key", "one-two", "01").unwrap();
        assert_eq!(**wrapped.open("one-two", "01").unwrap(), *b"a key");
        assert_eq!(wrapped.open("one-too", "01"), None);
        assert_eq!(wrapped.open("one-two", "02"), None);
        assert!(!wrapped.wrapped.windows(5).any(|bytes| bytes == b"a key"));
    }
}
