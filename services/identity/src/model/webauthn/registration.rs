//! A registration: attestationObject and clientDataJSON together.

use minicbor::Decoder;

use super::{
    Flaw, RelyingParty, authenticator_data,
    client_data::{self, Ceremony},
};

/// A new credential as it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The challenge it answers.
    pub challenge: Vec<u8>,
    /// The authenticator's name of it.
    pub credential_id: Vec<u8>,
    /// Its public key, 65 bytes.
    pub public_key: Vec<u8>,
    /// Its signature counter.
    pub sign_count: u32,
    /// Whether it can be copied to other devices.
    pub synced: bool,
}

/// Reads and checks a registration.
pub fn read(
    client_data_json: &[u8],
    attestation_object: &[u8],
    relying_party: &RelyingParty,
) -> Result<Registration, Flaw> {
    let challenge = client_data::read(client_data_json, Ceremony::Create, relying_party)?;
    let data = authenticator_data::read(read_object(attestation_object)?, relying_party)?;
    let credential = data.credential.ok_or(Flaw::AuthenticatorData)?;
    Ok(Registration {
        challenge,
        credential_id: credential.id.to_vec(),
        public_key: credential.public_key,
        sign_count: data.count,
        synced: data.synced,
    })
}

/// A map of three: format `none`, an empty statement, the authenticator's data.
fn read_object(bytes: &[u8]) -> Result<&[u8], Flaw> {
    let broken = |_| Flaw::AttestationObject;
    let mut decoder = Decoder::new(bytes);
    if decoder.map().map_err(broken)? != Some(3) {
        return Err(Flaw::AttestationObject);
    }
    let (mut format, mut statement, mut data) = (None, None, None);
    for _ in 0..3 {
        match decoder.str().map_err(broken)? {
            "fmt" => format = Some(decoder.str().map_err(broken)?),
            "attStmt" => {
                statement = Some(decoder.map().map_err(broken)?);
                if statement != Some(Some(0)) {
                    return Err(Flaw::Format);
                }
            }
            "authData" => data = Some(decoder.bytes().map_err(broken)?),
            _ => return Err(Flaw::AttestationObject),
        }
    }
    if decoder.position() != bytes.len() || statement.is_none() {
        return Err(Flaw::AttestationObject);
    }
    if format.ok_or(Flaw::AttestationObject)? != "none" {
        return Err(Flaw::Format);
    }
    data.ok_or(Flaw::AttestationObject)
}
