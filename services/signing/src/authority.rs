//! The deployment's certificate authority: a root whose key is kept away from the servers, and an authority
//! below it that issues. For internal use: it claims no standing that the law gives to others.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Parser as _;
use hocba_evidence::Certificate;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, SanType, SerialNumber,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::model::kind::KeyKind;

/// How long a signer's certificate lives.
const VALID: Duration = Duration::days(3 * 365);

/// How far clocks may differ before a new certificate is refused as not valid yet.
const DRIFT: Duration = Duration::minutes(5);

/// Makes the authority's files where there are none.
#[derive(Debug, clap::Parser)]
#[command(name = "hocba-signing init-ca")]
struct Init {
    /// The folder that gets `root.pem`, `root.key`, `issuing.pem` and `issuing.key`. Take `root.key` away from
    /// the servers afterwards: it is needed for the next issuing authority alone.
    #[arg(long, env = "HOCBA_CA_DIR")]
    ca_dir: PathBuf,
    /// The authority's name as certificates print it.
    #[arg(long, env = "HOCBA_CA_NAME", default_value = "hocba (sử dụng nội bộ)")]
    ca_name: String,
}

/// `hocba-signing init-ca`.
#[must_use]
pub fn main() -> ExitCode {
    let init = match Init::try_parse_from(std::env::args_os().skip(1)) {
        Ok(init) => init,
        Err(error) => {
            drop(error.print());
            return ExitCode::from(64);
        }
    };
    match make(&init.ca_dir, &init.ca_name, OffsetDateTime::now_utc()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hocba-signing init-ca: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Makes root and issuing authority. Nothing is overwritten: a root that is there stays, and a folder with half
/// the files is an error for a person to look at.
///
/// # Errors
/// A folder that cannot be written, or an authority that is there in part.
pub fn make(folder: &Path, name: &str, now: OffsetDateTime) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let files = ["root.pem", "root.key", "issuing.pem", "issuing.key"];
    let there = files.iter().filter(|file| folder.join(file).exists()).count();
    if there == files.len() {
        return Ok(());
    }
    anyhow::ensure!(there == 0, "{} holds a part of an authority", folder.display());
    let authority = |what: &str, years: i64, below: u8| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CountryName, "VN");
        params.distinguished_name.push(DnType::OrganizationName, name);
        params.distinguished_name.push(DnType::CommonName, what);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(below));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.use_authority_key_identifier_extension = true;
        params.not_before = now - DRIFT;
        params.not_after = now + Duration::days(365 * years);
        params
    };
    let root_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let root = authority("hocba root", 30, 1);
    let root_pem = root.self_signed(&root_key)?.pem();
    let root_der = Zeroizing::new(root_key.serialize_der());
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let issuing = authority("hocba issuing", 10, 0).signed_by(&key, &Issuer::new(root, root_key))?;
    let key_der = Zeroizing::new(key.serialize_der());
    write(&folder.join("root.key"), &root_der, 0o600)?;
    write(&folder.join("issuing.key"), &key_der, 0o600)?;
    write(&folder.join("issuing.pem"), issuing.pem().as_bytes(), 0o644)?;
    write(&folder.join("root.pem"), root_pem.as_bytes(), 0o644)
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    file.write_all(bytes)?;
    Ok(file.sync_all()?)
}

/// The authority that issues.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// The root, PEM.
    pub root_pem: String,
    /// The issuing authority, PEM.
    pub issuing_pem: String,
    /// The issuing authority.
    pub issuing: Certificate,
    ends_at: OffsetDateTime,
}

/// Whom a certificate is for.
#[derive(Debug)]
pub struct Subject<'a> {
    /// What for.
    pub kind: KeyKind,
    /// The person; in a seal's certificate only the school stands.
    pub account: Uuid,
    /// The printed name: the person's, or the school's.
    pub name: &'a str,
    /// The school's printed name.
    pub organization: &'a str,
    /// The school's id.
    pub school: &'a str,
    /// `principal`, `vice_principal`, `teacher`, `staff`, `seal`.
    pub title: &'a str,
}

/// A certificate just issued.
#[derive(Debug)]
pub struct Issued {
    /// The certificate.
    pub certificate: Certificate,
    /// From when.
    pub starts_at: OffsetDateTime,
    /// Until when.
    pub ends_at: OffsetDateTime,
}

impl Authority {
    /// Reads the authority's files.
    ///
    /// # Errors
    /// A file that is missing or does not fit.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let read = |file: &str| {
            let path = folder.join(file);
            fs::read(&path).with_context(|| format!("the authority's {}", path.display()))
        };
        let text = |file: &str| Ok::<_, anyhow::Error>(String::from_utf8(read(file)?)?);
        let (root_pem, issuing_pem) = (text("root.pem")?, text("issuing.pem")?);
        let key = Zeroizing::new(read("issuing.key")?);
        let key = KeyPair::try_from(key.as_slice()).context("issuing.key is no key in PKCS#8")?;
        let issuing = Certificate::from_pem(issuing_pem.as_bytes())?;
        anyhow::ensure!(
            issuing.public_key()? == key.public_key_raw(),
            "issuing.key does not belong to issuing.pem"
        );
        Ok(Self {
            ends_at: issuing.ends_at()?,
            issuer: Issuer::from_ca_cert_pem(&issuing_pem, key)?,
            issuing,
            root_pem,
            issuing_pem,
        })
    }

    /// Issues a certificate for a key.
    ///
    /// # Errors
    /// A name that no certificate can hold.
    pub fn issue(
        &self,
        serial: Uuid,
        subject: &Subject<'_>,
        key: &KeyPair,
        now: OffsetDateTime,
    ) -> anyhow::Result<Issued> {
        let starts_at = (now - DRIFT).replace_nanosecond(0)?;
        let ends_at = (now + VALID).replace_nanosecond(0)?.min(self.ends_at);
        let mut params = CertificateParams::default();
        let name = &mut params.distinguished_name;
        name.push(DnType::CountryName, "VN");
        name.push(DnType::OrganizationName, subject.organization);
        name.push(DnType::CommonName, subject.name);
        // Title (2.5.4.12): the role at issue; verification asks for it in the principal's and the seal's slot.
        name.push(DnType::CustomDnType(vec![2, 5, 4, 12]), subject.title);
        let mut names = vec![format!("urn:hocba:school:{}", subject.school)];
        match subject.kind {
            KeyKind::Personal => names.push(format!("urn:hocba:account:{}", subject.account)),
            KeyKind::Seal => {}
        }
        for name in names {
            params.subject_alt_names.push(SanType::URI(name.try_into()?));
        }
        params.serial_number = Some(SerialNumber::from_slice(serial.as_bytes()));
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::ContentCommitment,
        ];
        params.use_authority_key_identifier_extension = true;
        params.not_before = starts_at;
        params.not_after = ends_at;
        let certificate = params.signed_by(key, &self.issuer)?;
        Ok(Issued {
            certificate: Certificate::parse(certificate.der())?,
            starts_at,
            ends_at,
        })
    }
}
