//! JSON web tokens with Ed25519 by ring: one algorithm, one key family, nothing to negotiate.

use std::sync::Once;

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, EncodingKey, Header, Validation,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result as JwtResult},
    signature::{Error as SignatureError, Signer, Verifier},
};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Who gives tokens.
pub const ISSUER: &str = "hocba-identity";
/// The `typ` of access tokens (RFC 9068).
pub const ACCESS: &str = "at+jwt";
/// The `typ` of act tokens.
pub const ACT: &str = "act+jwt";

/// What an access token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Issuer.
    pub iss: String,
    /// Account id.
    pub sub: String,
    /// Sign-in id.
    pub sid: String,
    /// School id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school: Option<String>,
    /// Authority id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// Role ids in force.
    pub roles: Vec<String>,
    /// What an integrator's grant names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grant: Vec<String>,
    /// Roles held by delegation: role id to delegation id.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub act: std::collections::BTreeMap<String, String>,
    /// Given at, seconds.
    pub iat: i64,
    /// Ends at, seconds.
    pub exp: i64,
    /// Token id.
    pub jti: String,
}

/// What an act token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActClaims {
    /// Issuer.
    pub iss: String,
    /// Account id.
    pub sub: String,
    /// Sign-in id.
    pub sid: String,
    /// School id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school: Option<String>,
    /// The role in which the person acts.
    pub role: String,
    /// The delegation by which the role is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation: Option<String>,
    /// The act.
    pub purpose: String,
    /// SHA-256 of what is acted on, lower hex.
    pub digest: String,
    /// Whether the person stood on the school's premises.
    pub premises: bool,
    /// Given at, seconds.
    pub iat: i64,
    /// Ends at, seconds.
    pub exp: i64,
    /// Token id: single use.
    pub jti: String,
}

/// A key that signs tokens: identity's alone.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    public: Vec<u8>,
    key: EncodingKey,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl SigningKey {
    /// Reads a PKCS#8 Ed25519 key. Its id is the digest of the public key.
    pub fn from_pkcs8(pkcs8: &[u8]) -> anyhow::Result<Self> {
        install();
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8)
            .map_err(|_| anyhow::anyhow!("the token key is not an Ed25519 key in PKCS#8"))?;
        let public = pair.public_key().as_ref().to_vec();
        let sum = ring::digest::digest(&ring::digest::SHA256, &public);
        let kid = BASE64URL_NOPAD.encode(sum.as_ref().get(..12).unwrap_or_default());
        Ok(Self {
            kid,
            public,
            key: EncodingKey::from_ed_der(pkcs8),
        })
    }

    /// The key's id.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The raw public key, 32 bytes.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// Signs claims as a token of this `typ`.
    pub fn sign<C: Serialize>(&self, typ: &str, claims: &C) -> JwtResult<String> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(typ.to_owned());
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.key)
    }
}

/// A public key that verifies tokens.
#[derive(Clone, Debug)]
pub struct VerifyingKey(DecodingKey);

impl VerifyingKey {
    /// From the raw 32 bytes.
    #[must_use]
    pub fn from_raw(x: &[u8]) -> Self {
        install();
        Self(DecodingKey::from_ed_der(x))
    }

    /// Verifies signature, issuer and `typ`, not the expiry: callers judge time by their clock.
    pub fn verify<C: DeserializeOwned>(&self, typ: &str, token: &str) -> JwtResult<C> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["iss", "sub", "exp"]);
        validation.validate_exp = false;
        validation.validate_aud = false;
        let data = jsonwebtoken::decode::<C>(token, &self.0, &validation)?;
        if data.header.typ.as_deref() == Some(typ) {
            Ok(data.claims)
        } else {
            Err(ErrorKind::InvalidToken.into())
        }
    }
}

/// The key id a token names.
#[must_use]
pub fn kid(token: &str) -> Option<String> {
    jsonwebtoken::decode_header(token).ok()?.kid
}

struct RingSigner(Ed25519KeyPair);

impl Signer<Vec<u8>> for RingSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        Ok(self.0.sign(message).as_ref().to_vec())
    }
}

impl JwtSigner for RingSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct RingVerifier(UnparsedPublicKey<Vec<u8>>);

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        self.0
            .verify(message, signature)
            .map_err(|_| SignatureError::new())
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> JwtResult<Box<dyn JwtSigner>> {
    if *algorithm == Algorithm::EdDSA && key.family() == AlgorithmFamily::Ed {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.as_bytes())
            .map_err(|_| ErrorKind::InvalidKeyFormat)?;
        Ok(Box::new(RingSigner(pair)))
    } else {
        Err(ErrorKind::InvalidAlgorithm.into())
    }
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> JwtResult<Box<dyn JwtVerifier>> {
    if *algorithm == Algorithm::EdDSA && key.family() == AlgorithmFamily::Ed {
        let raw = key.try_get_as_bytes()?.to_vec();
        Ok(Box::new(RingVerifier(UnparsedPublicKey::new(&ED25519, raw))))
    } else {
        Err(ErrorKind::InvalidAlgorithm.into())
    }
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Installs our provider once per process.
fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        if PROVIDER.install_default().is_err() {
            tracing::error!("another token provider was installed before ours");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new()).unwrap();
        SigningKey::from_pkcs8(pkcs8.as_ref()).unwrap()
    }

    fn claims() -> AccessClaims {
        AccessClaims {
            iss: ISSUER.into(),
            sub: "a".into(),
            sid: "s".into(),
            school: None,
            authority: None,
            roles: vec![],
            grant: vec![],
            act: Default::default(),
            iat: 0,
            exp: 1,
            jti: "j".into(),
        }
    }

    #[test]
    fn a_signed_token_verifies_and_a_bent_one_does_not() {
        let key = key();
        let token = key.sign(ACCESS, &claims()).unwrap();
        let public = VerifyingKey::from_raw(key.public());
        assert_eq!(public.verify::<AccessClaims>(ACCESS, &token).unwrap().sub, "a");
        assert!(public.verify::<AccessClaims>(ACT, &token).is_err(), "another typ");
        let last = if token.ends_with('A') { 'B' } else { 'A' };
        let bent = format!("{}{last}", &token[..token.len() - 1]);
        assert!(public.verify::<AccessClaims>(ACCESS, &bent).is_err() || bent == token);
        assert!(
            VerifyingKey::from_raw(self::key().public())
                .verify::<AccessClaims>(ACCESS, &token)
                .is_err()
        );
    }

    #[test]
    fn no_algorithm_and_a_secret_made_of_the_public_key_are_refused() {
        let key = key();
        let public = VerifyingKey::from_raw(key.public());
        let body = BASE64URL_NOPAD.encode(&serde_json::to_vec(&claims()).unwrap());
        for algorithm in ["none", "HS256"] {
            let head =
                BASE64URL_NOPAD.encode(format!(r#"{{"alg":"{algorithm}","typ":"at+jwt"}}"#).as_bytes());
            let mac = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key.public());
            let tag = ring::hmac::sign(&mac, format!("{head}.{body}").as_bytes());
            let token = format!("{head}.{body}.{}", BASE64URL_NOPAD.encode(tag.as_ref()));
            assert!(
                public.verify::<AccessClaims>(ACCESS, &token).is_err(),
                "{algorithm}"
            );
        }
    }
}
