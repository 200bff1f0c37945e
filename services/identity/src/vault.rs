//! What stands encrypted or keyed in the database. One master key; what is done with it uses keys
//! derived from it, one a purpose.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use data_encoding::HEXLOWER_PERMISSIVE;
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest::{SHA256, digest},
    hkdf, hmac,
    rand::{SecureRandom as _, SystemRandom},
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The master key's uses.
pub struct Vault {
    totp: LessSafeKey,
    refresh: hmac::Key,
    attempt: hmac::Key,
    random: SystemRandom,
}

/// The cipher or the source of randomness failed: our fault, or the master key is another.
#[derive(Debug, thiserror::Error)]
#[error("the vault failed: {0}")]
pub struct VaultError(&'static str);

impl Vault {
    /// Reads the master key: 32 raw bytes, or 64 hex digits.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let bytes =
            Zeroizing::new(std::fs::read(file).with_context(|| format!("master key {}", file.display()))?);
        let raw = if bytes.len() == 32 {
            bytes.clone()
        } else {
            let text: Vec<u8> = bytes
                .iter()
                .copied()
                .filter(|b| !b.is_ascii_whitespace())
                .collect();
            Zeroizing::new(HEXLOWER_PERMISSIVE.decode(&text).unwrap_or_default())
        };
        if raw.len() != 32 {
            bail!(
                "master key {} holds neither 32 bytes nor 64 hex digits",
                file.display()
            );
        }
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"hocba-identity");
        let root = salt.extract(&raw);
        let derive = |use_: &'static [u8]| -> anyhow::Result<Zeroizing<[u8; 32]>> {
            let mut key = Zeroizing::new([0; 32]);
            root.expand(&[use_], hkdf::HKDF_SHA256)
                .and_then(|okm| okm.fill(key.as_mut()))
                .map_err(|_| anyhow!("the master key cannot be derived from"))?;
            Ok(key)
        };
        let totp =
            UnboundKey::new(&AES_256_GCM, derive(b"totp")?.as_ref()).map_err(|_| anyhow!("no cipher"))?;
        Ok(Self {
            totp: LessSafeKey::new(totp),
            refresh: hmac::Key::new(hmac::HMAC_SHA256, derive(b"refresh")?.as_ref()),
            attempt: hmac::Key::new(hmac::HMAC_SHA256, derive(b"attempt")?.as_ref()),
            random: SystemRandom::new(),
        })
    }

    /// Random bytes.
    pub fn random<const N: usize>(&self) -> Result<[u8; N], VaultError> {
        let mut bytes = [0; N];
        self.random
            .fill(&mut bytes)
            .map_err(|_| VaultError("no randomness"))?;
        Ok(bytes)
    }

    /// Encrypts the second factor of an account; bound to it, so that a row cannot be moved.
    pub fn seal_totp(&self, account: Uuid, secret: &[u8]) -> Result<Vec<u8>, VaultError> {
        let nonce: [u8; NONCE_LEN] = self.random()?;
        let mut text = secret.to_vec();
        self.totp
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(account.as_bytes()),
                &mut text,
            )
            .map_err(|_| VaultError("sealing"))?;
        let mut sealed = nonce.to_vec();
        sealed.append(&mut text);
        Ok(sealed)
    }

    /// Decrypts the second factor of an account.
    pub fn open_totp(&self, account: Uuid, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(VaultError("opening"))?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError("opening"))?;
        let mut text = Zeroizing::new(text.to_vec());
        let plain = self
            .totp
            .open_in_place(nonce, Aad::from(account.as_bytes()), &mut text)
            .map_err(|_| VaultError("opening"))?;
        Ok(Zeroizing::new(plain.to_vec()))
    }

    /// The refresh token of one place in a family. Derived rather than drawn, so that a repeat within the
    /// grace answers the same successor while the database holds digests only.
    pub fn refresh_token(&self, sign_in: Uuid, generation: i32) -> String {
        let mut message = sign_in.as_bytes().to_vec();
        message.extend_from_slice(&generation.to_be_bytes());
        let tag = hmac::sign(&self.refresh, &message);
        data_encoding::BASE64URL_NOPAD.encode(tag.as_ref())
    }

    /// The key under which attempts are counted: names what was tried to nobody who reads the table.
    pub fn attempt_key(&self, kind: &str, what: &str) -> Vec<u8> {
        hmac::sign(&self.attempt, format!("{kind}\n{what}").as_bytes())
            .as_ref()
            .to_vec()
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

    fn vault() -> Vault {
        let file = std::env::temp_dir().join(format!("hocba-vault-{}", Uuid::now_v7()));
        fs::write(&file, "ab".repeat(32)).unwrap();
        let vault = Vault::read(&file).unwrap();
        fs::remove_file(file).unwrap();
        vault
    }

    #[test]
    fn a_sealed_secret_opens_for_its_account_only() {
        let (vault, owner) = (vault(), Uuid::now_v7());
        let sealed = vault.seal_totp(owner, b"secret").unwrap();
        assert_eq!(vault.open_totp(owner, &sealed).unwrap().as_slice(), b"secret");
        assert!(vault.open_totp(Uuid::now_v7(), &sealed).is_err());
        assert!(vault.open_totp(owner, b"x").is_err());
    }

    #[test]
    fn refresh_tokens_differ_by_place_and_repeat_by_it() {
        let (vault, sign_in) = (vault(), Uuid::now_v7());
        assert_eq!(vault.refresh_token(sign_in, 1), vault.refresh_token(sign_in, 1));
        assert_ne!(vault.refresh_token(sign_in, 1), vault.refresh_token(sign_in, 2));
    }
}
