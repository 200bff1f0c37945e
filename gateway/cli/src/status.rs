//! `hocbactl status`: how a gateway sees the services behind it.

use std::{fs, path::Path, time::Duration};

use anyhow::Context as _;
use serde::Deserialize;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// The health page as JSON (`GET /healthz`).
#[derive(Debug, Deserialize)]
pub struct Health {
    /// `serving` when every service serves.
    pub status: String,
    /// Each service and its state.
    pub services: std::collections::BTreeMap<String, String>,
}

/// Asks the health page of the gateway at `address` (`host:port`).
pub fn ask(address: &str, ca_file: &Path) -> anyhow::Result<Health> {
    let pem = fs::read(ca_file).with_context(|| format!("cannot read {}", ca_file.display()))?;
    let root = Certificate::from_pem(&pem).context("the authority file is not a PEM certificate")?;
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(5)))
        .http_status_as_error(false)
        .tls_config(
            TlsConfig::builder()
                .root_certs(RootCerts::new_with_certs(&[root]))
                .build(),
        )
        .build()
        .into();
    let mut answer = agent
        .get(format!("https://{address}/healthz"))
        .header("accept", "application/json")
        .call()
        .with_context(|| format!("cổng {address} không trả lời"))?;
    answer
        .body_mut()
        .read_json()
        .context("the health page is not what we expect")
}
