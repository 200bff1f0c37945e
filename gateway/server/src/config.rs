//! What can be set. Flags and environment variables have the same names; secrets are files.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Args;

use crate::{edge::Limits, rate::Allowance};

/// The settings of the gateway.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Where outsiders connect.
    #[arg(long, env = "HOCBA_LISTEN", default_value = "127.0.0.1:8443")]
    pub listen: SocketAddr,
    /// The certificate outsiders see, PEM with its chain. Read again while running.
    #[arg(long, env = "HOCBA_EDGE_CERT")]
    pub edge_cert: PathBuf,
    /// Its key, PEM.
    #[arg(long, env = "HOCBA_EDGE_KEY")]
    pub edge_key: PathBuf,
    /// The gateway's certificate among our services, PEM.
    #[arg(long, env = "HOCBA_TLS_CERT")]
    pub tls_cert: PathBuf,
    /// Its key, PEM.
    #[arg(long, env = "HOCBA_TLS_KEY")]
    pub tls_key: PathBuf,
    /// The authority of our services, PEM.
    #[arg(long, env = "HOCBA_TLS_CA")]
    pub tls_ca: PathBuf,
    /// identity, `host:port`.
    #[arg(long, env = "HOCBA_IDENTITY_ADDR")]
    pub identity_addr: String,
    /// records, `host:port`.
    #[arg(long, env = "HOCBA_RECORDS_ADDR")]
    pub records_addr: String,
    /// workflow, `host:port`.
    #[arg(long, env = "HOCBA_WORKFLOW_ADDR")]
    pub workflow_addr: String,
    /// lock, `host:port`.
    #[arg(long, env = "HOCBA_LOCK_ADDR")]
    pub lock_addr: String,
    /// signing, `host:port`.
    #[arg(long, env = "HOCBA_SIGNING_ADDR")]
    pub signing_addr: String,
    /// archive, `host:port`.
    #[arg(long, env = "HOCBA_ARCHIVE_ADDR")]
    pub archive_addr: String,
    /// Connections at once.
    #[arg(long, env = "HOCBA_EDGE_CONNECTIONS", default_value_t = 4096)]
    pub connections: usize,
    /// Calls at once on one connection.
    #[arg(long, env = "HOCBA_EDGE_STREAMS", default_value_t = 128)]
    pub streams: u32,
    /// Seconds after which a connection takes no new calls.
    #[arg(long, env = "HOCBA_EDGE_AGE_SECONDS", default_value_t = 1800)]
    pub age_seconds: u64,
    /// Bytes of one request, an upload's messages together.
    #[arg(long, env = "HOCBA_EDGE_BODY_BYTES", default_value_t = 32 << 20)]
    pub body_bytes: usize,
    /// Seconds a call may take when it answers once; a client may ask for less.
    #[arg(long, env = "HOCBA_EDGE_CALL_SECONDS", default_value_t = 60)]
    pub call_seconds: u64,
    /// Calls a second of one client address in the long run. A school's people may share an address.
    #[arg(long, env = "HOCBA_EDGE_CLIENT_RATE", default_value_t = 500.0)]
    pub client_rate: f64,
    /// Calls at once of one client address.
    #[arg(long, env = "HOCBA_EDGE_CLIENT_BURST", default_value_t = 2000.0)]
    pub client_burst: f64,
    /// Seconds open calls get when the gateway stops.
    #[arg(long, env = "HOCBA_DRAIN_SECONDS", default_value_t = 20)]
    pub drain_seconds: u64,
    /// Where spans go; silence without it.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
    /// Which log lines are written, for example `info,hocba_gateway=debug`.
    #[arg(long, env = "HOCBA_LOG", default_value = "info")]
    pub log: String,
}

impl Config {
    /// What connections may hold.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            connections: self.connections,
            streams: self.streams,
            handshake: Duration::from_secs(5),
            age: Duration::from_secs(self.age_seconds),
            grace: Duration::from_secs(self.drain_seconds),
        }
    }

    /// What one client may do.
    #[must_use]
    pub fn allowance(&self) -> Allowance {
        Allowance {
            rate: self.client_rate.max(0.1),
            burst: self.client_burst.max(1.0),
        }
    }

    /// How long a call may take.
    #[must_use]
    pub fn call_limit(&self) -> Duration {
        Duration::from_secs(self.call_seconds)
    }

    /// The peers and where they listen.
    #[must_use]
    pub fn peers(&self) -> [(&'static str, &str); 6] {
        [
            ("identity", &self.identity_addr),
            ("records", &self.records_addr),
            ("workflow", &self.workflow_addr),
            ("lock", &self.lock_addr),
            ("signing", &self.signing_addr),
            ("archive", &self.archive_addr),
        ]
    }
}
