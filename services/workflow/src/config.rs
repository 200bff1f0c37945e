//! Settings of the workflow service.

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
}

impl Configured for Config {
    fn common(&self) -> &Common {
        &self.common
    }
}
