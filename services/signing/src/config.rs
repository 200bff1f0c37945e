//! Settings of the signing service.

use std::path::PathBuf;

use hocba_chassis::config::{Common, Configured};

/// Signing: keys, certificates and ceremonies.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "hocba-signing")]
pub struct Config {
    /// What all services have.
    #[command(flatten)]
    pub common: Common,
    /// The folder of the deployment's authority: `root.pem`, `issuing.pem`, `issuing.key` (PKCS#8 DER).
    #[arg(long, env = "HOCBA_CA_DIR")]
    pub ca_dir: PathBuf,
}

impl Configured for Config {
    fn common(&self) -> &Common {
        &self.common
    }
}
