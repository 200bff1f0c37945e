//! Whether a public key can be one: ring judges a point when it is used, so we use it once.

use ring::{
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    rand::SystemRandom,
};

/// Whether 65 bytes are an uncompressed point of P-256 other than infinity.
pub fn is_point(bytes: &[u8]) -> bool {
    EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new())
        .and_then(|own| agree_ephemeral(own, &UnparsedPublicKey::new(&ECDH_P256, bytes), |_| ()))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
    };

    #[test]
    fn a_point_beside_the_curve_is_none() {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let mut point = pair.public_key().as_ref().to_vec();
        assert!(super::is_point(&point));
        *point.last_mut().unwrap() ^= 1;
        assert!(!super::is_point(&point));
        assert!(!super::is_point(&[0; 65]));
        assert!(!super::is_point(&[]));
    }
}
