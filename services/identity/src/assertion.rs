//! Signed assertions of other systems (RFC 7515, compact): taken apart, their signature judged.

use data_encoding::BASE64URL_NOPAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey, VerificationAlgorithm};
use serde::Deserialize;

use crate::model::{assertion::Claims, integrator::PublicKey};

/// The longest we read.
const LONGEST: usize = 4096;

#[derive(Deserialize)]
struct Header {
    alg: String,
    /// Extensions that must be understood: we understand none.
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

/// An assertion that could be read. Nothing it says is believed before [`Assertion::is_signed_by`].
pub struct Assertion {
    /// What it says.
    pub claims: Claims,
    algorithm: String,
    signed: String,
    signature: Vec<u8>,
}

impl Assertion {
    /// Reads one; nothing when it is none.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let bytes = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).ok();
        let header: Header = serde_json::from_slice(&bytes(header)?).ok()?;
        if header.crit.is_some() {
            return None;
        }
        Some(Self {
            claims: serde_json::from_slice(&bytes(claims)?).ok()?,
            algorithm: header.alg,
            signed: signed.to_owned(),
            signature: bytes(signature)?,
        })
    }

    /// Whether this key signed it, by the one algorithm that is the key's.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        let algorithm: &'static dyn VerificationAlgorithm = match key {
            PublicKey::Ed25519(_) => &ED25519,
            PublicKey::P256(_) => &ECDSA_P256_SHA256_FIXED,
        };
        self.algorithm == key.algorithm()
            && UnparsedPublicKey::new(algorithm, key.bytes())
                .verify(self.signed.as_bytes(), &self.signature)
                .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _},
    };

    use super::*;

    fn text(header: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let claims = r#"{"iss":"a","sub":"a","aud":"b","exp":1,"jti":"j"}"#;
        let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        let signed = format!("{}.{}", part(header), part(claims));
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&sign(signed.as_bytes())))
    }

    #[test]
    fn each_key_judges_its_own_algorithm_alone() {
        let random = SystemRandom::new();
        let ed = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        let ed = Ed25519KeyPair::from_pkcs8(ed.as_ref()).unwrap();
        let ec = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let ec = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, ec.as_ref(), &random).unwrap();
        let ed_key = PublicKey::Ed25519(ed.public_key().as_ref().to_vec());
        let ec_key = PublicKey::P256(ec.public_key().as_ref().to_vec());
        let by_ed = |bytes: &[u8]| ed.sign(bytes).as_ref().to_vec();
        let by_ec = |bytes: &[u8]| ec.sign(&random, bytes).unwrap().as_ref().to_vec();

        let right = Assertion::read(&text(r#"{"alg":"EdDSA"}"#, by_ed)).unwrap();
        assert!(right.is_signed_by(&ed_key) && !right.is_signed_by(&ec_key));
        let right = Assertion::read(&text(r#"{"alg":"ES256","typ":"JWT"}"#, by_ec)).unwrap();
        assert!(right.is_signed_by(&ec_key) && !right.is_signed_by(&ed_key));
        for header in [r#"{"alg":"none"}"#, r#"{"alg":"HS256"}"#, r#"{"alg":"ES256"}"#] {
            assert!(
                !Assertion::read(&text(header, by_ed))
                    .unwrap()
                    .is_signed_by(&ed_key),
                "{header}"
            );
        }
        let nothing = Assertion::read(&text(r#"{"alg":"EdDSA"}"#, |_| Vec::new())).unwrap();
        assert!(!nothing.is_signed_by(&ed_key));
    }

    #[test]
    fn what_is_no_assertion_is_not_read() {
        let critical = text(r#"{"alg":"EdDSA","crit":["x"]}"#, |_| vec![0; 64]);
        for bad in [
            "",
            "a.b",
            "a.b.c",
            "e30.e30.",
            &critical,
            &"a".repeat(LONGEST + 1),
        ] {
            assert!(Assertion::read(bad).is_none(), "{bad}");
        }
    }
}
