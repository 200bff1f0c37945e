//! An authority of a deployment and its signers, for documents.

use anyhow::Context as _;
use hocba_evidence::{Anchors, Certificate, Document, Kind, xades};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, SanType,
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use time::{Duration, OffsetDateTime};

/// A root and an authority below it, both valid for years around now.
#[derive(Debug)]
pub struct TestAuthority {
    /// The root's certificate as PEM.
    pub pem: String,
    issuer: Issuer<'static, KeyPair>,
    issuing: Certificate,
}

/// Somebody with a key and its certificate.
#[derive(Debug)]
pub struct TestSigner {
    key: EcdsaKeyPair,
    chain: Vec<Certificate>,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = OffsetDateTime::now_utc() - Duration::days(365);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(3650);
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

impl TestAuthority {
    /// With new keys.
    ///
    /// # Errors
    /// No randomness.
    pub fn make() -> anyhow::Result<Self> {
        let root_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let pem = authority("Test root").self_signed(&root_key)?.pem();
        let root = Issuer::new(authority("Test root"), root_key);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let issuing = authority("Test issuer").signed_by(&key, &root)?;
        Ok(Self {
            pem,
            issuer: Issuer::new(authority("Test issuer"), key),
            issuing: Certificate::parse(issuing.der())?,
        })
    }

    /// The root as the one anchor.
    ///
    /// # Errors
    /// None in practice.
    pub fn anchors(&self) -> anyhow::Result<Anchors> {
        Ok(Anchors::from_pem(self.pem.as_bytes())?)
    }

    /// A signer of a school: a person's account (id alone) and role, or no account and the title `seal`.
    ///
    /// # Errors
    /// A name that no certificate can hold.
    pub fn signer(&self, account: Option<&str>, school: &str, title: &str) -> anyhow::Result<TestSigner> {
        let mut params = params("Test signer");
        let oid = DnType::CustomDnType(vec![2, 5, 4, 12]);
        params.distinguished_name.push(oid, title);
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::ContentCommitment,
        ];
        let mut names = vec![format!("urn:hocba:school:{school}")];
        names.extend(account.map(|account| format!("urn:hocba:account:{account}")));
        for name in names {
            params.subject_alt_names.push(SanType::URI(name.try_into()?));
        }
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let leaf = params.signed_by(&pair, &self.issuer)?;
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let key = EcdsaKeyPair::from_pkcs8(algorithm, &pair.serialize_der(), &random);
        Ok(TestSigner {
            key: key.ok().context("no key")?,
            chain: vec![Certificate::parse(leaf.der())?, self.issuing.clone()],
        })
    }
}

impl TestSigner {
    /// The `ds:Signature` of a slot of this document.
    ///
    /// # Errors
    /// A document that cannot be signed there.
    pub fn sign(&self, xml: &[u8], slot: &Kind, at: OffsetDateTime) -> anyhow::Result<Vec<u8>> {
        let document = Document::parse(xml)?;
        let prepared = xades::prepare(&document, slot, &self.chain, "teacher", at)?;
        let value = self.key.sign(&SystemRandom::new(), &prepared.to_sign);
        Ok(prepared.finish(value.ok().context("no signature")?.as_ref()))
    }
}
