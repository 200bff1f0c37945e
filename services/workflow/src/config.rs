//! Settings of the workflow service.

use std::path::PathBuf;

use hocba_chassis::config::{Common, Configured};

/// Workflow: orders, corrections, approvals.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "hocba-workflow")]
pub struct Config {
    /// What all services have.
    #[command(flatten)]
    pub common: Common,
    /// Where records listens, `host:port`.
    #[arg(long, env = "HOCBA_RECORDS_ADDR")]
    pub records_addr: String,
    /// Where lock listens, `host:port`.
    #[arg(long, env = "HOCBA_LOCK_ADDR")]
    pub lock_addr: String,
    /// The master key: 32 raw bytes or 64 hex digits. Wraps the keys of dossiers, seals what people wrote.
    #[arg(long, env = "HOCBA_MASTER_KEY_FILE")]
    pub master_key_file: PathBuf,
}

impl Configured for Config {
    fn common(&self) -> &Common {
        &self.common
    }
}
