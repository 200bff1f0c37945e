//! Keyed digests (HMAC-SHA-256): equal values are found, and nobody without the key can try values out.

use std::fmt;

use ring::hmac;

/// Makes the digests of one use.
#[derive(Clone)]
pub struct Index(hmac::Key);

impl fmt::Debug for Index {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Index")
    }
}

impl Index {
    pub(crate) fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The digest of a value: 32 bytes.
    #[must_use]
    pub fn of(&self, value: &[u8]) -> Vec<u8> {
        hmac::sign(&self.0, value).as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::Index;

    #[test]
    fn equal_values_have_equal_digests_under_one_key_only() {
        let (one, other) = (Index::new(&[1; 32]), Index::new(&[2; 32]));
        assert_eq!(one.of(b"001302012345"), one.of(b"001302012345"));
        assert_ne!(one.of(b"001302012345"), one.of(b"001302012346"));
        assert_ne!(one.of(b"001302012345"), other.of(b"001302012345"));
    }
}
