//! Certificates: one authority for the services among themselves, another for the edge that outsiders see.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
};

use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType,
};
use time::{Duration, OffsetDateTime};

use crate::{files, node::Node};

/// The folder with every certificate and key, PEM.
#[derive(Debug, Clone)]
pub struct Pki {
    folder: PathBuf,
}

impl Pki {
    /// The certificates in `folder`; makes them when there are none.
    pub fn at(folder: &Path) -> anyhow::Result<Self> {
        let pki = Self {
            folder: folder.to_path_buf(),
        };
        if !pki.edge_ca().exists() {
            files::private_folder(folder)?;
            pki.make().context("cannot make certificates")?;
        }
        Ok(pki)
    }

    /// The authority of the services.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// The authority outsiders trust.
    #[must_use]
    pub fn edge_ca(&self) -> PathBuf {
        self.folder.join("edge-ca.pem")
    }

    /// The certificate of a peer, or of the edge (`edge`).
    #[must_use]
    pub fn certificate(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.pem"))
    }

    /// Its key.
    #[must_use]
    pub fn key(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.key"))
    }

    fn make(&self) -> anyhow::Result<()> {
        let inside = authority("hocba services (development)")?;
        for node in Node::ALL {
            let mut names = local_names()?;
            names.push(SanType::DnsName(node.name().try_into()?));
            names.push(SanType::URI(format!("spiffe://hocba/{node}").try_into()?));
            self.leaf(&inside, node.name(), names, true)?;
        }
        // A stranger's certificate from an authority nobody trusts: for tests of refusals.
        let alien = authority("somebody else")?;
        let mut names = local_names()?;
        names.push(SanType::URI("spiffe://hocba/records".try_into()?));
        self.leaf(&alien, "alien", names, true)?;
        fs::write(self.ca(), inside.pem())?;

        let outside = authority("hocba edge (development)")?;
        self.leaf(&outside, "edge", local_names()?, false)?;
        // Last, because its presence says that everything was made.
        fs::write(self.edge_ca(), outside.pem())?;
        Ok(())
    }

    fn leaf(
        &self,
        issuer: &CertifiedIssuer<'_, KeyPair>,
        name: &str,
        names: Vec<SanType>,
        client: bool,
    ) -> anyhow::Result<()> {
        let key = KeyPair::generate()?;
        let mut params = params(name)?;
        params.subject_alt_names = names;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        if client {
            params
                .extended_key_usages
                .push(ExtendedKeyUsagePurpose::ClientAuth);
        }
        let certificate = params.signed_by(&key, issuer)?;
        fs::write(self.certificate(name), certificate.pem())?;
        files::write_secret(&self.key(name), key.serialize_pem().as_bytes())
    }
}

fn local_names() -> anyhow::Result<Vec<SanType>> {
    Ok(vec![
        SanType::DnsName("localhost".try_into()?),
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
    ])
}

fn params(name: &str) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    let now = OffsetDateTime::now_utc();
    params.not_before = now - Duration::hours(1);
    params.not_after = now + Duration::days(90);
    Ok(params)
}

fn authority(name: &str) -> anyhow::Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = params(name)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}
