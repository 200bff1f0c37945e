//! The TLS connection to a gateway.

use std::{fs, path::Path, time::Duration};

use anyhow::Context as _;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

/// Connects to `address` (`host:port`), trusting the authority in `ca_file`.
pub async fn connect(address: &str, ca_file: &Path) -> anyhow::Result<Channel> {
    let pem = fs::read(ca_file).with_context(|| format!("cannot read {}", ca_file.display()))?;
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
    Endpoint::from_shared(format!("https://{address}"))?
        .tls_config(tls)?
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(60))
        .connect()
        .await
        .with_context(|| format!("không kết nối được cổng {address}"))
}
