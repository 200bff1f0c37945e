//! WebAuthn (Level 2 and 3) as far as we want it: ES256 alone, no attestation, user always verified.
//! Reads and judges what browsers and authenticators answer; decides nothing about accounts.

pub mod assertion;
pub mod authenticator_data;
pub mod client_data;
pub mod registration;

use ring::digest::{SHA256, digest};

/// Whom keys are registered with: us, as browsers know us.
#[derive(Debug, Clone)]
pub struct RelyingParty {
    id: String,
    id_hash: Vec<u8>,
    origins: Vec<String>,
}

impl RelyingParty {
    /// A relying party; says what is wrong with its settings. An origin is `https://` and a host that is the
    /// id or lies below it, with a port when it is not the usual one: what browsers would accept.
    pub fn new(id: &str, origins: &[String]) -> Result<Self, String> {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
        if id.is_empty() || !id.chars().all(good) {
            return Err(format!(
                "the relying party's id must be a domain in lower case: {id}"
            ));
        }
        for origin in origins {
            let host = origin
                .strip_prefix("https://")
                .map(|rest| rest.split_once(':').map_or(rest, |(host, _)| host));
            let below = |host: &str| {
                host == id
                    || host
                        .strip_suffix(id)
                        .is_some_and(|above| above.len() > 1 && above.ends_with('.'))
            };
            if !host.is_some_and(|host| host.chars().all(good) && below(host)) {
                return Err(format!("{origin} is no https origin of {id}"));
            }
        }
        if origins.is_empty() {
            return Err("no origin is named".to_owned());
        }
        Ok(Self {
            id: id.to_owned(),
            id_hash: digest(&SHA256, id.as_bytes()).as_ref().to_vec(),
            origins: origins.to_vec(),
        })
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// What is wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// clientDataJSON does not read.
    ClientData,
    /// It was made for the other ceremony.
    Type,
    /// It was made for another site.
    Origin,
    /// It was made inside a page of another site.
    CrossOrigin,
    /// The challenge does not read.
    Challenge,
    /// authenticatorData does not read.
    AuthenticatorData,
    /// The authenticator answered for another relying party.
    RpId,
    /// Nobody was there.
    UserPresence,
    /// Nobody was verified (fingerprint, PIN).
    UserVerification,
    /// The backup flags contradict each other, or what was registered.
    Backup,
    /// attestationObject does not read.
    AttestationObject,
    /// An attestation came that nobody asked for.
    Format,
    /// The credential's id has no proper length.
    CredentialId,
    /// The key is of another algorithm.
    Algorithm,
    /// The key is no point of the curve.
    PublicKey,
    /// The account has no such key in use.
    Credential,
    /// The key's user is another.
    UserHandle,
    /// The signature is another's, or over something else.
    Signature,
}

impl Flaw {
    /// The word in error metadata.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientData => "client_data",
            Self::Type => "type",
            Self::Origin => "origin",
            Self::CrossOrigin => "cross_origin",
            Self::Challenge => "challenge",
            Self::AuthenticatorData => "authenticator_data",
            Self::RpId => "rp_id",
            Self::UserPresence => "user_presence",
            Self::UserVerification => "user_verification",
            Self::Backup => "backup",
            Self::AttestationObject => "attestation_object",
            Self::Format => "format",
            Self::CredentialId => "credential_id",
            Self::Algorithm => "algorithm",
            Self::PublicKey => "public_key",
            Self::Credential => "credential",
            Self::UserHandle => "user_handle",
            Self::Signature => "signature",
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::RelyingParty;

    #[rstest]
    #[case("hocba.vn", "https://hocba.vn", true)]
    #[case("hocba.vn", "https://truong.hocba.vn:8443", true)]
    #[case("localhost", "https://localhost:8443", true)]
    #[case("hocba.vn", "http://hocba.vn", false)]
    #[case("hocba.vn", "https://xhocba.vn", false)]
    #[case("hocba.vn", "https://.hocba.vn", false)]
    #[case("hocba.vn", "https://hocba.vn.evil.example", false)]
    #[case("hocba.vn", "https://hocba.vn/path", false)]
    #[case("HOCBA.vn", "https://hocba.vn", false)]
    #[case("", "https://hocba.vn", false)]
    fn settings_are_judged_before_they_are_used(#[case] id: &str, #[case] origin: &str, #[case] good: bool) {
        assert_eq!(RelyingParty::new(id, &[origin.to_owned()]).is_ok(), good);
        assert!(RelyingParty::new(id, &[]).is_err());
    }
}
