//! A service's master key: 32 bytes from a file, never used itself.

use std::{fmt, fs, path::Path};

use anyhow::{Context as _, anyhow, bail};
use data_encoding::HEXLOWER_PERMISSIVE;
use ring::hkdf;
use zeroize::Zeroizing;

use crate::{Cipher, DataKeys, Index};

/// Length of a key in bytes.
pub(crate) const KEY_LEN: usize = 32;

/// The master key, ready to derive from. Keys of one service or purpose say nothing about another's.
#[derive(Clone)]
pub struct Master(hkdf::Prk);

impl fmt::Debug for Master {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Master")
    }
}

impl Master {
    /// Reads the master key of `service`: 32 raw bytes, or 64 hex digits.
    ///
    /// # Errors
    /// A file that cannot be read or holds something else.
    pub fn read(file: &Path, service: &str) -> anyhow::Result<Self> {
        let bytes = Zeroizing::new(fs::read(file).with_context(|| format!("master key {}", file.display()))?);
        let raw = if bytes.len() == KEY_LEN {
            bytes
        } else {
            let digits = bytes.iter().copied().filter(|b| !b.is_ascii_whitespace());
            let digits = Zeroizing::new(digits.collect::<Vec<u8>>());
            Zeroizing::new(HEXLOWER_PERMISSIVE.decode(&digits).unwrap_or_default())
        };
        if raw.len() != KEY_LEN {
            bail!(
                "master key {} holds neither 32 bytes nor 64 hex digits",
                file.display()
            );
        }
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, format!("hocba-{service}").as_bytes());
        Ok(Self(salt.extract(&raw)))
    }

    /// The key of one use.
    pub(crate) fn derive(&self, purpose: &str) -> anyhow::Result<Zeroizing<[u8; KEY_LEN]>> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        self.0
            .expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(key.as_mut()))
            .map_err(|_| anyhow!("the master key cannot be derived from"))?;
        Ok(key)
    }

    /// The cipher of one use, such as `totp`.
    ///
    /// # Errors
    /// Never with a whole master key.
    pub fn cipher(&self, purpose: &str) -> anyhow::Result<Cipher> {
        Ok(Cipher::new(&*self.derive(purpose)?)?)
    }

    /// Wraps and unwraps the data keys of one use, such as `pupil`.
    ///
    /// # Errors
    /// Never with a whole master key.
    pub fn data_keys(&self, purpose: &str) -> anyhow::Result<DataKeys> {
        Ok(DataKeys(self.cipher(purpose)?))
    }

    /// Keyed digests of one use, such as `personal_id`.
    ///
    /// # Errors
    /// Never with a whole master key.
    pub fn index(&self, purpose: &str) -> anyhow::Result<Index> {
        Ok(Index::new(self.derive(purpose)?.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn master(text: &[u8], service: &str) -> anyhow::Result<Master> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("key");
        fs::write(&file, text)?;
        Master::read(&file, service)
    }

    #[test]
    fn a_master_key_is_raw_or_hex_and_nothing_else() {
        let raw = master(&[0xab; 32], "records").unwrap();
        let hex = master(format!("{}\n", "ab".repeat(32)).as_bytes(), "records").unwrap();
        assert_eq!(raw.derive("x").unwrap(), hex.derive("x").unwrap());
        for wrong in ["", "ab", &"zz".repeat(32), &"ab".repeat(31)] {
            assert!(master(wrong.as_bytes(), "records").is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn services_and_purposes_have_keys_of_their_own() {
        let key = [7; 32];
        let (records, archive) = (master(&key, "records").unwrap(), master(&key, "archive").unwrap());
        assert_ne!(records.derive("pupil").unwrap(), archive.derive("pupil").unwrap());
        assert_ne!(
            records.derive("pupil").unwrap(),
            records.derive("personal_id").unwrap()
        );
    }
}
