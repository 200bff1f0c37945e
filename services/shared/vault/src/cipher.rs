//! AES-256-GCM over single values. What is sealed begins with a version byte and the nonce; the place it stands in is
//! authenticated with it, so that a sealed value cannot be moved to another row or column.

use std::fmt;

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom as _, SystemRandom},
};
use zeroize::Zeroizing;

use crate::{Error, master::KEY_LEN};

/// The form of sealed bytes: version, nonce, text, tag.
const VERSION: u8 = 1;

/// Seals and opens values.
pub struct Cipher(LessSafeKey);

impl fmt::Debug for Cipher {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cipher")
    }
}

impl Cipher {
    pub(crate) fn new(key: &[u8; KEY_LEN]) -> Result<Self, Error> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| Error::Sealing)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Seals a value for one place, such as `pupil/{school}/{pupil}`.
    ///
    /// # Errors
    /// [`Error::Sealing`] without randomness.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| Error::Sealing)?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        let mut text = plain.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.as_bytes()),
                &mut text,
            )
            .map_err(|_| Error::Sealing)?;
        sealed.append(&mut text);
        Ok(sealed)
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// [`Error::Opening`] for another place, another key, or damaged bytes.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (version, rest) = sealed.split_first().ok_or(Error::Opening)?;
        if *version != VERSION {
            return Err(Error::Opening);
        }
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or(Error::Opening)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Error::Opening)?;
        let mut text = Zeroizing::new(text.to_vec());
        let length = self
            .0
            .open_in_place(nonce, Aad::from(place.as_bytes()), &mut text)
            .map_err(|_| Error::Opening)?
            .len();
        text.truncate(length);
        Ok(text)
    }
}

/// Makes and opens the data keys of pupils or persons. Each is random, stored wrapped by the master beside its owner's
/// rows, and bound to the owner.
#[derive(Debug)]
pub struct DataKeys(pub(crate) Cipher);

impl DataKeys {
    /// A new key for an owner, such as `schools/{school}/pupils/{pupil}`, and the wrapped form to be stored.
    ///
    /// # Errors
    /// [`Error::Sealing`] without randomness.
    pub fn make(&self, owner: &str) -> Result<(Cipher, Vec<u8>), Error> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        SystemRandom::new()
            .fill(key.as_mut())
            .map_err(|_| Error::Sealing)?;
        Ok((Cipher::new(&key)?, self.0.seal(owner, key.as_ref())?))
    }

    /// The key of an owner from its wrapped form.
    ///
    /// # Errors
    /// [`Error::Opening`] for another owner's key or another master.
    pub fn open(&self, owner: &str, wrapped: &[u8]) -> Result<Cipher, Error> {
        let plain = self.0.open(owner, wrapped)?;
        let key: &[u8; KEY_LEN] = plain.as_slice().try_into().map_err(|_| Error::Opening)?;
        Cipher::new(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_in_its_own_place_only_and_no_byte_may_change() {
        let cipher = Cipher::new(&[1; KEY_LEN]).unwrap();
        let sealed = cipher.seal("pupil/a", "Kinh".as_bytes()).unwrap();
        assert_eq!(cipher.open("pupil/a", &sealed).unwrap().as_slice(), b"Kinh");
        assert_eq!(cipher.open("pupil/b", &sealed), Err(Error::Opening));
        let other = Cipher::new(&[2; KEY_LEN]).unwrap();
        assert_eq!(other.open("pupil/a", &sealed), Err(Error::Opening));
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert_eq!(cipher.open("pupil/a", &bent), Err(Error::Opening), "byte {at}");
        }
        assert_eq!(cipher.open("pupil/a", &[]), Err(Error::Opening));
    }

    #[test]
    fn the_same_value_never_looks_the_same() {
        let cipher = Cipher::new(&[1; KEY_LEN]).unwrap();
        assert_ne!(
            cipher.seal("x", b"Kinh").unwrap(),
            cipher.seal("x", b"Kinh").unwrap()
        );
    }

    #[test]
    fn a_data_key_belongs_to_its_owner() {
        let keys = DataKeys(Cipher::new(&[3; KEY_LEN]).unwrap());
        let (cipher, wrapped) = keys.make("pupils/a").unwrap();
        let sealed = cipher.seal("name", b"An").unwrap();
        let again = keys.open("pupils/a", &wrapped).unwrap();
        assert_eq!(again.open("name", &sealed).unwrap().as_slice(), b"An");
        assert!(keys.open("pupils/b", &wrapped).is_err());
    }
}
