//! authenticatorData: for whom the authenticator answered, whether somebody was there and was verified.

use minicbor::Decoder;

use super::{Flaw, RelyingParty};

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;
const EXTENSIONS: u8 = 0x80;

/// What it says, all of it checked but the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticatorData<'a> {
    /// The signature counter.
    pub count: u32,
    /// Whether the credential can be copied to other devices.
    pub synced: bool,
    /// A new credential, when there is one.
    pub credential: Option<Credential<'a>>,
}

/// A new credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential<'a> {
    /// The authenticator's name of it.
    pub id: &'a [u8],
    /// Its public key: an uncompressed point, 65 bytes. Whether it lies on the curve is not judged here.
    pub public_key: Vec<u8>,
}

/// Reads and checks it.
pub fn read<'a>(bytes: &'a [u8], relying_party: &RelyingParty) -> Result<AuthenticatorData<'a>, Flaw> {
    const SHORT: Flaw = Flaw::AuthenticatorData;
    let (hash, rest) = bytes.split_first_chunk::<32>().ok_or(SHORT)?;
    let (flags, rest) = rest.split_first().ok_or(SHORT)?;
    let (count, mut rest) = rest.split_first_chunk().ok_or(SHORT)?;
    let has = |flag: u8| flags & flag != 0;
    if hash.as_slice() != relying_party.id_hash {
        return Err(Flaw::RpId);
    }
    if !has(USER_PRESENT) {
        return Err(Flaw::UserPresence);
    }
    if !has(USER_VERIFIED) {
        return Err(Flaw::UserVerification);
    }
    if has(BACKED_UP) && !has(BACKUP_ELIGIBLE) {
        return Err(Flaw::Backup);
    }
    let mut credential = None;
    if has(ATTESTED) {
        let (found, left) = read_credential(rest)?;
        (credential, rest) = (Some(found), left);
    }
    if has(EXTENSIONS) {
        // Some come unasked; what they say changes nothing here, but they must be one whole map.
        let mut decoder = Decoder::new(rest);
        let map = matches!(decoder.datatype(), Ok(minicbor::data::Type::Map));
        decoder.skip().map_err(|_| SHORT)?;
        rest = rest.get(decoder.position()..).filter(|_| map).ok_or(SHORT)?;
    }
    if !rest.is_empty() {
        return Err(SHORT);
    }
    Ok(AuthenticatorData {
        count: u32::from_be_bytes(*count),
        synced: has(BACKUP_ELIGIBLE),
        credential,
    })
}

/// AAGUID (not looked at: nobody attests it), length, id, key.
fn read_credential(bytes: &[u8]) -> Result<(Credential<'_>, &[u8]), Flaw> {
    const SHORT: Flaw = Flaw::AuthenticatorData;
    let (_aaguid, rest) = bytes.split_first_chunk::<16>().ok_or(SHORT)?;
    let (length, rest) = rest.split_first_chunk().ok_or(SHORT)?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (id, rest) = rest.split_at_checked(length).ok_or(SHORT)?;
    // The standard's limits: chance enough to be unique, and short enough to be kept.
    if !(16..=1023).contains(&length) {
        return Err(Flaw::CredentialId);
    }
    let mut decoder = Decoder::new(rest);
    let public_key = read_key(&mut decoder)?;
    let rest = rest.get(decoder.position()..).ok_or(SHORT)?;
    Ok((Credential { id, public_key }, rest))
}

/// A COSE key: EC2, ES256, P-256, both coordinates. Nothing else, and nothing twice.
fn read_key(decoder: &mut Decoder<'_>) -> Result<Vec<u8>, Flaw> {
    const KEY_TYPE: i64 = 1;
    const ALGORITHM: i64 = 3;
    const CURVE: i64 = -1;
    const X: i64 = -2;
    const Y: i64 = -3;
    let broken = |_| Flaw::PublicKey;
    let entries = decoder.map().map_err(broken)?.ok_or(Flaw::PublicKey)?;
    let (mut key_type, mut algorithm, mut curve) = (None, None, None);
    let (mut x, mut y) = (None, None);
    for _ in 0..entries {
        let label = decoder.i64().map_err(broken)?;
        let twice = match label {
            KEY_TYPE => key_type.replace(decoder.i64().map_err(broken)?).is_some(),
            ALGORITHM => algorithm.replace(decoder.i64().map_err(broken)?).is_some(),
            // An octet key pair has its number here too; an RSA key has bytes.
            CURVE if matches!(decoder.datatype(), Ok(minicbor::data::Type::Bytes)) => {
                return Err(Flaw::Algorithm);
            }
            CURVE => curve.replace(decoder.i64().map_err(broken)?).is_some(),
            X => x.replace(decoder.bytes().map_err(broken)?).is_some(),
            Y => y.replace(decoder.bytes().map_err(broken)?).is_some(),
            _ => return Err(Flaw::PublicKey),
        };
        if twice {
            return Err(Flaw::PublicKey);
        }
    }
    if (key_type, algorithm, curve) != (Some(2), Some(-7), Some(1)) {
        return Err(Flaw::Algorithm);
    }
    match (x, y) {
        (Some(x), Some(y)) if x.len() == 32 && y.len() == 32 => Ok([&[4], x, y].concat()),
        _ => Err(Flaw::PublicKey),
    }
}
