//! The configuration: what every service needs, no more.

use hocba_chassis::config::{Common, Configured};

/// Records' configuration.
#[derive(Debug, Clone, clap::Parser)]
pub struct Config {
    /// What every service needs.
    #[command(flatten)]
    pub common: Common,
}

impl Configured for Config {
    fn common(&self) -> &Common {
        &self.common
    }
}
