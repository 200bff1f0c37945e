//! Certificates for a test: one authority, a leaf per peer, and a stranger's.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use hocba_chassis::tls::{Files, Tls};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType,
};
use tempfile::TempDir;

/// Certificates of every peer, as files in a folder that goes with the value.
#[derive(Debug)]
pub struct Pki {
    folder: TempDir,
}

/// Who gets a leaf.
const PEERS: [&str; 7] = [
    "identity", "records", "workflow", "lock", "signing", "archive", "gateway",
];

impl Pki {
    /// Makes an authority, a leaf per peer, and `alien`: a leaf named `records` of an authority nobody trusts.
    pub fn make() -> anyhow::Result<Self> {
        let pki = Self {
            folder: TempDir::with_prefix("hocba-pki")?,
        };
        let ours = authority("hocba test authority")?;
        fs::write(pki.path("ca", "pem"), ours.pem())?;
        for peer in PEERS {
            pki.leaf(&ours, peer, peer)?;
        }
        pki.leaf(&authority("somebody else")?, "alien", "records")?;
        Ok(pki)
    }

    /// Where certificate, key and authority of a leaf lie.
    #[must_use]
    pub fn files(&self, leaf: &str) -> Files {
        Files {
            cert: self.path(leaf, "pem"),
            key: self.path(leaf, "key"),
            ca: self.path("ca", "pem"),
        }
    }

    /// The configurations of a peer.
    pub fn tls(&self, leaf: &str) -> anyhow::Result<Tls> {
        Tls::load(self.files(leaf))
    }

    /// The folder, for further secrets of the test.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn path(&self, name: &str, ending: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.{ending}"))
    }

    fn leaf(&self, issuer: &CertifiedIssuer<'static, KeyPair>, file: &str, peer: &str) -> anyhow::Result<()> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![peer.to_owned(), "localhost".to_owned()])?;
        params
            .subject_alt_names
            .push(SanType::URI(format!("spiffe://hocba/{peer}").try_into()?));
        params
            .subject_alt_names
            .push(SanType::IpAddress([127, 0, 0, 1].into()));
        params.distinguished_name.push(DnType::CommonName, peer);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let certificate = params.signed_by(&key, issuer).context("leaf")?;
        fs::write(self.path(file, "pem"), certificate.pem())?;
        fs::write(self.path(file, "key"), key.serialize_pem())?;
        Ok(())
    }
}

fn authority(name: &str) -> anyhow::Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}
