//! The keys our tokens are signed with.

use std::path::PathBuf;

use anyhow::Context as _;
use data_encoding::BASE64;
use hocba_chassis::{
    config::read_secret_bytes,
    token::{ACCESS, ACT, AccessClaims, ActClaims, SigningKey, VerifyingKey},
};

use crate::error::{Error, Result};

/// Our keys. The first signs, all verify: a new key is first added behind the old one, so that every
/// service has it before it signs, then put in front, and the old one is taken away last.
pub struct Keys(Vec<SigningKey>);

impl Keys {
    /// Reads PKCS#8 files, PEM or DER.
    pub fn read(files: &[PathBuf]) -> anyhow::Result<Self> {
        let keys: Vec<_> = files
            .iter()
            .map(|file| {
                let der = pkcs8(read_secret_bytes(file)?)?;
                SigningKey::from_pkcs8(&der).with_context(|| format!("token key {}", file.display()))
            })
            .collect::<anyhow::Result<_>>()?;
        anyhow::ensure!(!keys.is_empty(), "no token key file is named");
        Ok(Self(keys))
    }

    /// Id and raw public key of each, the signing one first.
    pub fn public(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|key| (key.kid(), key.public()))
    }

    /// What verifies our own tokens here.
    pub fn verifying(&self) -> impl Iterator<Item = (String, VerifyingKey)> {
        self.public()
            .map(|(kid, x)| (kid.to_owned(), VerifyingKey::from_raw(x)))
    }

    /// Signs an access token.
    pub fn access(&self, claims: &AccessClaims) -> Result<String> {
        Ok(self.signing()?.sign(ACCESS, claims)?)
    }

    /// Signs an act token.
    pub fn act(&self, claims: &ActClaims) -> Result<String> {
        Ok(self.signing()?.sign(ACT, claims)?)
    }

    fn signing(&self) -> Result<&SigningKey> {
        self.0.first().ok_or(Error::Damaged("token keys"))
    }
}

fn pkcs8(bytes: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    match std::str::from_utf8(&bytes) {
        Ok(text) if text.contains("-----BEGIN") => {
            let body: String = text
                .lines()
                .filter(|line| !line.starts_with("-----"))
                .map(str::trim)
                .collect();
            BASE64
                .decode(body.as_bytes())
                .context("the body of a PEM key is no base64")
        }
        _ => Ok(bytes),
    }
}
