//! `hocba-<service> probe`: asks the service beside it for its health, over mutual TLS and with the
//! service's own certificate. For Kubernetes, whose gRPC probe has no certificate to show.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use clap::Parser;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::{
    client,
    tls::{Files, Tls},
};

/// How long the service may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Settings of `probe`: those of the service that it needs.
#[derive(Debug, Parser)]
pub struct Config {
    /// Where the service listens.
    #[arg(long, env = "HOCBA_LISTEN", default_value = "0.0.0.0:7000")]
    pub listen: SocketAddr,
    /// The service's certificate chain, PEM.
    #[arg(long, env = "HOCBA_TLS_CERT")]
    pub tls_cert: PathBuf,
    /// Its private key, PEM.
    #[arg(long, env = "HOCBA_TLS_KEY")]
    pub tls_key: PathBuf,
    /// The trusted authorities, PEM.
    #[arg(long, env = "HOCBA_TLS_CA")]
    pub tls_ca: PathBuf,
}

/// Ends well when the service serves.
pub async fn run(service: &str, config: &Config) -> anyhow::Result<()> {
    let tls = Tls::load(Files {
        cert: config.tls_cert.clone(),
        key: config.tls_key.clone(),
        ca: config.tls_ca.clone(),
    })?;
    let ip = if config.listen.ip().is_unspecified() {
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    } else {
        config.listen.ip()
    };
    let address = SocketAddr::new(ip, config.listen.port()).to_string();
    let mut client = HealthClient::new(client::channel(&tls, service, &address)?);
    let mut request = tonic::Request::new(HealthCheckRequest::default());
    request.set_timeout(PATIENCE);
    let status = client.check(request).await?.into_inner().status();
    anyhow::ensure!(
        status == ServingStatus::Serving,
        "the service answers {}",
        status.as_str_name()
    );
    Ok(())
}
