//! Settings every service has: a flag and an environment variable each, secrets as files.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Args;

/// The settings all services share.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, env = "HOCBA_LISTEN", default_value = "0.0.0.0:7000")]
    pub listen: SocketAddr,
    /// Our certificate chain, PEM. Read again when it changes.
    #[arg(long, env = "HOCBA_TLS_CERT")]
    pub tls_cert: PathBuf,
    /// Our private key, PEM (PKCS#8).
    #[arg(long, env = "HOCBA_TLS_KEY")]
    pub tls_key: PathBuf,
    /// The authorities whose peers we trust, PEM; several while one replaces another.
    #[arg(long, env = "HOCBA_TLS_CA")]
    pub tls_ca: PathBuf,
    /// A file with the database URL of the service's own login.
    #[arg(long, env = "HOCBA_DATABASE_URL_FILE")]
    pub database_url_file: PathBuf,
    /// Most connections to the database.
    #[arg(long, env = "HOCBA_DATABASE_POOL", default_value_t = 16)]
    pub database_pool: u32,
    /// Where identity listens, `host:port`. Identity itself needs none.
    #[arg(long, env = "HOCBA_IDENTITY_ADDR")]
    pub identity_addr: Option<String>,
    /// Where archive listens, `host:port`. Archive itself needs none.
    #[arg(long, env = "HOCBA_ARCHIVE_ADDR")]
    pub archive_addr: Option<String>,
    /// Where spans and metrics go (gRPC); without it there is silence.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
    /// What is logged, in the syntax of tracing's EnvFilter.
    #[arg(long, env = "HOCBA_LOG", default_value = "info")]
    pub log: String,
    /// Seconds that calls in flight are given when we are asked to stop.
    #[arg(long, env = "HOCBA_DRAIN_SECONDS", default_value_t = 10)]
    pub drain_seconds: u64,
}

/// A service's settings: its own and the common ones.
pub trait Configured: clap::Parser + Clone + Send + Sync + 'static {
    /// The common ones.
    fn common(&self) -> &Common;
}

/// A secret from its file, without the line end an editor leaves.
pub fn read_secret(path: &Path) -> anyhow::Result<String> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read the secret {}", path.display()))?;
    Ok(text.trim_end().to_owned())
}

/// A binary secret from its file.
pub fn read_secret_bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read the secret {}", path.display()))
}
