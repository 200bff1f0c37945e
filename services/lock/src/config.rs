//! Settings of the lock service.

use std::path::PathBuf;

use hocba_chassis::config::{Common, Configured};

/// Lock: epochs and fences of terms.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "hocba-lock")]
pub struct Config {
    /// What all services have.
    #[command(flatten)]
    pub common: Common,
    /// Where records listens, `host:port`.
    #[arg(long, env = "HOCBA_RECORDS_ADDR")]
    pub records_addr: String,
    /// A file with the URL of Redis. Redis may be away at any time: it only speeds things up.
    #[arg(long, env = "HOCBA_REDIS_URL_FILE")]
    pub redis_url_file: PathBuf,
}

impl Configured for Config {
    fn common(&self) -> &Common {
        &self.common
    }
}
