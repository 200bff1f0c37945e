//! Certificates: who signed, and whose word that is.

use ring::signature::{self, UnparsedPublicKey};
use time::OffsetDateTime;
use x509_parser::{
    certificate::X509Certificate,
    extensions::GeneralName,
    pem::Pem,
    prelude::{ASN1Time, FromDer as _},
};

use crate::{Flaw, hash::sha256};

/// The longest way from a signer to an anchor: signer, two authorities, anchor.
const LONGEST: usize = 4;

/// Whom a certificate names, as the signing service writes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    /// The printed name.
    pub name: String,
    /// The person's account, `accounts/{account}`; none in a seal's certificate.
    pub account: Option<String>,
    /// The school's id.
    pub school: Option<String>,
    /// The person's role at issue (such as `principal`), or `seal`.
    pub title: Option<String>,
}

/// A certificate with what we ask of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    /// Whom it names.
    pub subject: Subject,
    /// Serial number, lower hex.
    pub serial: String,
}

impl Certificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// Not a certificate.
    pub fn parse(der: &[u8]) -> Result<Self, Flaw> {
        let it = read(der)?;
        let attribute = |value: Option<&x509_parser::x509::AttributeTypeAndValue<'_>>| {
            value.and_then(|it| it.as_str().ok()).map(str::to_owned)
        };
        let title = it
            .subject()
            .iter_by_oid(&x509_parser::oid_registry::asn1_rs::oid!(2.5.4.12))
            .next();
        let mut subject = Subject {
            name: attribute(it.subject().iter_common_name().next()).unwrap_or_default(),
            title: attribute(title),
            ..Subject::default()
        };
        if let Ok(Some(names)) = it.subject_alternative_name() {
            for name in &names.value.general_names {
                let GeneralName::URI(uri) = name else {
                    continue;
                };
                if let Some(account) = uri.strip_prefix("urn:hocba:account:") {
                    subject.account = Some(format!("accounts/{account}"));
                } else if let Some(school) = uri.strip_prefix("urn:hocba:school:") {
                    subject.school = Some(school.to_owned());
                }
            }
        }
        Ok(Self {
            serial: data_encoding::HEXLOWER.encode(it.raw_serial()),
            der: der.to_vec(),
            subject,
        })
    }

    /// Reads the one certificate of a PEM text.
    ///
    /// # Errors
    /// Not one certificate.
    pub fn from_pem(pem: &[u8]) -> Result<Self, Flaw> {
        match Anchors::from_pem(pem)?.0.as_slice() {
            [der] => Self::parse(der),
            _ => Err(Flaw::new("more than one certificate in the file")),
        }
    }

    /// Until when it is valid.
    ///
    /// # Errors
    /// A time that is none.
    pub fn ends_at(&self) -> Result<OffsetDateTime, Flaw> {
        Ok(read(&self.der)?.validity().not_after.to_datetime())
    }

    /// The public key's bits.
    ///
    /// # Errors
    /// None in practice.
    pub fn public_key(&self) -> Result<Vec<u8>, Flaw> {
        Ok(read(&self.der)?.public_key().subject_public_key.data.to_vec())
    }

    /// The certificate as DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of the DER, lower hex.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        sha256(&self.der)
    }

    /// Verifies a signature of this certificate's key over a message.
    pub(crate) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), Flaw> {
        let it = read(&self.der)?;
        let key = &it.public_key().subject_public_key.data;
        let with: &dyn signature::VerificationAlgorithm = match algorithm {
            Algorithm::EcdsaP256 => &signature::ECDSA_P256_SHA256_FIXED,
            Algorithm::Rsa => &signature::RSA_PKCS1_2048_8192_SHA256,
        };
        UnparsedPublicKey::new(with, key)
            .verify(message, signature)
            .map_err(|_| Flaw::new("the signature is not of the certificate's key"))
    }

    /// Whether it may sign documents.
    pub(crate) fn signs(&self) -> Result<bool, Flaw> {
        let it = read(&self.der)?;
        let usage = it
            .key_usage()
            .map_err(|_| Flaw::new("its key usage cannot be read"))?;
        Ok(!it.is_ca()
            && usage.is_some_and(|usage| usage.value.digital_signature() || usage.value.non_repudiation()))
    }
}

/// How a signature was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// ECDSA over P-256 with SHA-256, as `r||s`.
    EcdsaP256,
    /// RSA PKCS#1 v1.5 with SHA-256.
    Rsa,
}

fn read(der: &[u8]) -> Result<X509Certificate<'_>, Flaw> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        Ok(_) | Err(_) => Err(Flaw::new("not a certificate")),
    }
}

/// Authorities that are trusted because somebody put them here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Anchors(Vec<Vec<u8>>);

/// Where a chain ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// At this anchor; its printed name.
    Anchor(String),
    /// At an authority that is not among the anchors.
    Unknown(String),
}

impl Anchors {
    /// The certificates of a PEM file.
    ///
    /// # Errors
    /// A block that is no certificate, or none at all.
    pub fn from_pem(pem: &[u8]) -> Result<Self, Flaw> {
        let mut anchors = Vec::new();
        for block in Pem::iter_from_buffer(pem) {
            let block = block.map_err(|_| Flaw::new("not a PEM file"))?;
            read(&block.contents)?;
            anchors.push(block.contents);
        }
        if anchors.is_empty() {
            return Err(Flaw::new("no certificate in the file"));
        }
        Ok(Self(anchors))
    }

    /// Walks from a signer to an anchor, at an instant.
    ///
    /// # Errors
    /// A link that does not hold.
    pub fn chain(
        &self,
        signer: &Certificate,
        others: &[Certificate],
        at: OffsetDateTime,
    ) -> Result<Trust, Flaw> {
        let at = ASN1Time::from_timestamp(at.unix_timestamp())
            .map_err(|_| Flaw::new("no time of a certificate"))?;
        let mut below = read(signer.der())?;
        valid_at(&below, at)?;
        for depth in 1..=LONGEST {
            let issuer = below.issuer().as_raw();
            let anchor = self
                .0
                .iter()
                .filter_map(|der| read(der).ok())
                .find(|it| it.subject().as_raw() == issuer);
            if let Some(anchor) = anchor {
                issued(&anchor, &below, at)?;
                return Ok(Trust::Anchor(anchor.subject().to_string()));
            }
            let next = others.iter().filter_map(|it| read(it.der()).ok());
            let Some(next) = next.into_iter().find(|it| it.subject().as_raw() == issuer) else {
                return Ok(Trust::Unknown(below.issuer().to_string()));
            };
            issued(&next, &below, at)?;
            let limit = next
                .basic_constraints()
                .ok()
                .flatten()
                .and_then(|it| it.value.path_len_constraint);
            if limit.is_some_and(|limit| usize::try_from(limit).unwrap_or(usize::MAX) + 1 < depth) {
                return Err(Flaw::new("an authority stands below one that allows none"));
            }
            below = next;
        }
        Err(Flaw::new("the chain of certificates is too long"))
    }
}

fn issued(issuer: &X509Certificate<'_>, below: &X509Certificate<'_>, at: ASN1Time) -> Result<(), Flaw> {
    valid_at(issuer, at)?;
    let usage = issuer.key_usage().ok().flatten();
    if !issuer.is_ca() || !usage.is_some_and(|usage| usage.value.key_cert_sign()) {
        return Err(Flaw::new(format!("{} is no authority", issuer.subject())));
    }
    below
        .verify_signature(Some(issuer.public_key()))
        .map_err(|_| Flaw::new(format!("{} did not issue it", issuer.subject())))
}

fn valid_at(certificate: &X509Certificate<'_>, at: ASN1Time) -> Result<(), Flaw> {
    if certificate.validity().is_valid_at(at) {
        Ok(())
    } else {
        Err(Flaw::new("a certificate was not valid at signing time"))
    }
}
