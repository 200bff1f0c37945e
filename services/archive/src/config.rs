//! Settings of the archive service.

use std::path::PathBuf;

use hocba_chassis::config::{Common, Configured};

/// Archive: evidence, year documents, packages and the log.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "hocba-archive")]
pub struct Config {
    /// What all services have.
    #[command(flatten)]
    pub common: Common,
    /// Where records listens, `host:port`.
    #[arg(long, env = "HOCBA_RECORDS_ADDR")]
    pub records_addr: String,
    /// The folder of the object store.
    #[arg(long, env = "HOCBA_OBJECTS_DIR")]
    pub objects_dir: PathBuf,
    /// The master key: 32 raw bytes or 64 hex digits. Wraps the keys of what lies in the object store.
    #[arg(long, env = "HOCBA_MASTER_KEY_FILE")]
    pub master_key_file: PathBuf,
    /// A file with the log's Ed25519 key (PKCS#8 DER).
    #[arg(long, env = "HOCBA_LOG_KEY_FILE")]
    pub log_key_file: PathBuf,
    /// A PEM file with the authorities whose signatures on books are trusted.
    #[arg(long, env = "HOCBA_TRUST_ANCHORS_FILE")]
    pub trust_anchors_file: PathBuf,
}

impl Configured for Config {
    fn common(&self) -> &Common {
        &self.common
    }
}
