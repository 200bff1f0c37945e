//! The configuration: read and judged before a port is bound.

use std::path::PathBuf;

use clap::Args;
use hocba_chassis::config::{Common, Configured};

use crate::model::webauthn::RelyingParty;

/// What identity needs beside what every service needs.
#[derive(Debug, Clone, clap::Parser)]
pub struct Config {
    /// What every service needs.
    #[command(flatten)]
    pub common: Common,
    /// Ed25519 keys of our tokens, PKCS#8 (PEM or DER), separated by commas: the first signs, all verify.
    /// To rotate, add the new one last, restart, put it first, restart, and take the old one away after
    /// ten minutes.
    #[arg(long, env = "HOCBA_TOKEN_KEY_FILES", value_delimiter = ',', required = true)]
    pub token_key_files: Vec<PathBuf>,
    /// The master key: 32 raw bytes or 64 hex digits. Encrypts second factors, keys what is counted.
    #[arg(long, env = "HOCBA_MASTER_KEY_FILE")]
    pub master_key_file: PathBuf,
    /// Whom security keys are registered with.
    #[command(flatten)]
    pub webauthn: WebauthnConfig,
    /// What hashing a password costs.
    #[command(flatten)]
    pub hashing: HashingConfig,
}

/// Whom security keys are registered with. Keys answer for this id alone: when it changes, all are lost.
#[derive(Debug, Clone, Args)]
pub struct WebauthnConfig {
    /// The domain of the pages, such as `hocba.example`.
    #[arg(long, env = "HOCBA_WEBAUTHN_RP_ID")]
    pub webauthn_rp_id: String,
    /// The origins of the pages, separated by commas, such as `https://hocba.example`.
    #[arg(long, env = "HOCBA_WEBAUTHN_ORIGINS", value_delimiter = ',', required = true)]
    pub webauthn_origins: Vec<String>,
}

impl WebauthnConfig {
    /// The relying party of these settings.
    pub fn relying_party(&self) -> anyhow::Result<RelyingParty> {
        RelyingParty::new(&self.webauthn_rp_id, &self.webauthn_origins).map_err(|what| anyhow::anyhow!(what))
    }
}

impl Configured for Config {
    fn common(&self) -> &Common {
        &self.common
    }
}

/// What hashing a password costs. The defaults are OWASP's for argon2id; tests take less.
#[derive(Debug, Clone, Args)]
pub struct HashingConfig {
    /// Memory of one hash in KiB.
    #[arg(long, env = "HOCBA_ARGON2_MEMORY_KIB", default_value_t = 19_456, value_parser = clap::value_parser!(u32).range(8..=1_048_576))]
    pub argon2_memory_kib: u32,
    /// Passes over the memory.
    #[arg(long, env = "HOCBA_ARGON2_PASSES", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=16))]
    pub argon2_passes: u32,
    /// How many are hashed at once.
    #[arg(long, env = "HOCBA_HASHING_THREADS", default_value_t = 2, value_parser = hashing_threads)]
    pub hashing_threads: usize,
}

fn hashing_threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=64) => Ok(count),
        _ => Err("must be 1 to 64".to_owned()),
    }
}
