//! Mutual TLS 1.3 between our own programs, by rustls on ring. Files are read again when they change:
//! whole configurations are swapped, so a new authority comes in as easily as a new leaf.

use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, anyhow};
use arc_swap::ArcSwap;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{NoServerSessionStorage, WebPkiClientVerifier},
    version::TLS13,
};
use x509_parser::{extensions::GeneralName, prelude::*};

use crate::{caller::Peer, config::Common};

/// The URI name in our certificates: `spiffe://hocba/<peer>`.
pub const URI_PREFIX: &str = "spiffe://hocba/";

/// How often the files are looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Our certificate, key and trusted authorities, as configurations for both directions.
#[derive(Clone, Debug)]
pub struct Tls {
    files: Files,
    server: Arc<ArcSwap<ServerConfig>>,
    client: Arc<ArcSwap<ClientConfig>>,
}

/// Where certificate, key and authorities lie, PEM each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// Certificate chain.
    pub cert: PathBuf,
    /// Private key.
    pub key: PathBuf,
    /// Trusted authorities.
    pub ca: PathBuf,
}

impl From<&Common> for Files {
    fn from(common: &Common) -> Self {
        Self {
            cert: common.tls_cert.clone(),
            key: common.tls_key.clone(),
            ca: common.tls_ca.clone(),
        }
    }
}

impl Tls {
    /// Reads the files.
    pub fn load(files: Files) -> anyhow::Result<Self> {
        let (server, client) = files.read()?;
        Ok(Self {
            files,
            server: Arc::new(ArcSwap::from_pointee(server)),
            client: Arc::new(ArcSwap::from_pointee(client)),
        })
    }

    /// The configuration for accepting peers.
    #[must_use]
    pub fn server(&self) -> Arc<ServerConfig> {
        self.server.load_full()
    }

    /// The configuration for calling peers.
    #[must_use]
    pub fn client(&self) -> Arc<ClientConfig> {
        self.client.load_full()
    }

    /// Reads the files again whenever one of them changes, for ever. Files that do not fit together (one
    /// of them is not replaced yet) leave the old configuration in force.
    pub async fn keep_fresh(self) {
        let mut seen = self.files.changed();
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            let now = self.files.changed();
            if now == seen {
                continue;
            }
            match self.files.read() {
                Ok((server, client)) => {
                    self.server.store(Arc::new(server));
                    self.client.store(Arc::new(client));
                    seen = now;
                    tracing::info!("certificates reloaded");
                }
                Err(error) => tracing::warn!(%error, "new certificates do not load, the old ones stay"),
            }
        }
    }
}

impl Files {
    fn changed(&self) -> [Option<SystemTime>; 3] {
        [&self.cert, &self.key, &self.ca].map(|path| fs::metadata(path).and_then(|meta| meta.modified()).ok())
    }

    fn read(&self) -> anyhow::Result<(ServerConfig, ClientConfig)> {
        let mut roots = RootCertStore::empty();
        for authority in certificates(&self.ca)? {
            roots
                .add(authority)
                .with_context(|| format!("{} holds no authority", self.ca.display()))?;
        }
        let roots = Arc::new(roots);
        let chain = certificates(&self.cert)?;
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|error| anyhow!("{}: {error}", self.key.display()))?;

        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), provider()).build()?;
        let mut server = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain.clone(), key.clone_key())?;
        server.alpn_protocols = vec![b"h2".to_vec()];
        // A resumed session would keep the old peer certificate.
        server.send_tls13_tickets = 0;
        server.session_storage = Arc::new(NoServerSessionStorage {});

        let mut client = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)?;
        client.alpn_protocols = vec![b"h2".to_vec()];
        client.resumption = rustls::client::Resumption::disabled();
        Ok((server, client))
    }
}

/// The one crypto provider.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// All certificates of a PEM file.
pub fn certificates(path: &PathBuf) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let chain: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| anyhow!("{}: {error}", path.display()))?;
    anyhow::ensure!(!chain.is_empty(), "{} holds no certificate", path.display());
    Ok(chain)
}

/// The peer a certificate names: exactly one URI name of ours.
#[must_use]
pub fn peer(der: &[u8]) -> Option<Peer> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let names = certificate.subject_alternative_name().ok()??;
    let mut ours = names.value.general_names.iter().filter_map(|name| match name {
        GeneralName::URI(uri) => uri.strip_prefix(URI_PREFIX),
        _ => None,
    });
    let one = ours.next()?;
    if ours.next().is_some() {
        None
    } else {
        Some(Peer::new(one))
    }
}
