//! An assertion: a key's signature over what the browser asked and what the authenticator saw.

use ring::{
    digest::{SHA256, digest},
    signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey},
};

use super::{
    Flaw, RelyingParty, authenticator_data,
    client_data::{self, Ceremony},
};
use crate::model::security_key::SecurityKey;

/// An assertion as it was answered.
#[derive(Debug, Clone)]
pub struct Assertion {
    /// Which credential.
    pub credential_id: Vec<u8>,
    /// clientDataJSON.
    pub client_data_json: Vec<u8>,
    /// authenticatorData.
    pub authenticator_data: Vec<u8>,
    /// The signature, ASN.1.
    pub signature: Vec<u8>,
    /// userHandle; empty when it did not come.
    pub user_handle: Vec<u8>,
}

impl Assertion {
    /// The challenge it answers; ceremony and origin are checked on the way.
    pub fn challenge(&self, relying_party: &RelyingParty) -> Result<Vec<u8>, Flaw> {
        client_data::read(&self.client_data_json, Ceremony::Get, relying_party)
    }

    /// Checks everything a key signed; answers its counter. Whether the counter rises is judged when it is
    /// written, where two answers meet.
    pub fn verify(&self, key: &SecurityKey, relying_party: &RelyingParty) -> Result<u32, Flaw> {
        if self.credential_id != key.credential_id {
            return Err(Flaw::Credential);
        }
        if !self.user_handle.is_empty() && self.user_handle != key.account.as_bytes() {
            return Err(Flaw::UserHandle);
        }
        let data = authenticator_data::read(&self.authenticator_data, relying_party)?;
        if data.credential.is_some() {
            return Err(Flaw::AuthenticatorData);
        }
        if data.synced != key.synced {
            return Err(Flaw::Backup);
        }
        let mut signed = self.authenticator_data.clone();
        signed.extend(digest(&SHA256, &self.client_data_json).as_ref());
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &key.public_key)
            .verify(&signed, &self.signature)
            .map_err(|_| Flaw::Signature)?;
        Ok(data.count)
    }
}
