//! Calls through the gateway, as an outsider makes them.

use std::{collections::BTreeMap, fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use bytes::{Buf, BufMut, Bytes};
use prost_reflect::MethodDescriptor;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic::{
    Request, Response, Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};

use crate::rpcs;

/// The health page as JSON.
#[derive(Debug, Clone, Deserialize)]
pub struct Health {
    /// `serving` when every service serves.
    pub status: String,
    /// The state of each service.
    pub services: BTreeMap<String, String>,
}

/// A channel to the gateway at `address`; connects at the first call.
pub fn channel(address: SocketAddr, ca_file: &Path) -> anyhow::Result<Channel> {
    let pem = fs::read(ca_file).with_context(|| format!("cannot read {}", ca_file.display()))?;
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(pem))
        .domain_name("localhost");
    Ok(Endpoint::from_shared(format!("https://{address}"))?
        .tls_config(tls)?
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(60))
        .connect_lazy())
}

/// Calls any unary method with encoded bytes.
pub async fn call(
    channel: &Channel,
    path: &str,
    request: Request<Vec<u8>>,
) -> Result<Response<Bytes>, Status> {
    let mut client = tonic::client::Grpc::new(channel.clone());
    client
        .ready()
        .await
        .map_err(|error| Status::unavailable(error.to_string()))?;
    let path = path.parse().map_err(|_| Status::invalid_argument("not a path"))?;
    client.unary(request, path, Raw).await
}

/// Calls any method that streams requests, with one encoded message.
pub async fn call_stream(
    channel: &Channel,
    path: &str,
    request: Request<Vec<u8>>,
) -> Result<Response<tonic::Streaming<Bytes>>, Status> {
    let mut client = tonic::client::Grpc::new(channel.clone());
    client
        .ready()
        .await
        .map_err(|error| Status::unavailable(error.to_string()))?;
    let path = path.parse().map_err(|_| Status::invalid_argument("not a path"))?;
    client.streaming(request.map(tokio_stream::once), path, Raw).await
}

/// The outcome of any method, whatever its streams. Who may watch is told by the answer's head: a watch need not say
/// anything for minutes.
pub async fn outcome(
    channel: &Channel,
    method: &MethodDescriptor,
    request: Request<Vec<u8>>,
) -> Result<(), Status> {
    let path = rpcs::path(method);
    if method.is_client_streaming() {
        let answer = call_stream(channel, &path, request).await?;
        answer.into_inner().message().await.map(drop)
    } else if method.is_server_streaming() {
        call_stream(channel, &path, request).await.map(drop)
    } else {
        call(channel, &path, request).await.map(drop)
    }
}

/// Asks the health page.
pub async fn health(address: SocketAddr, ca_file: &Path) -> anyhow::Result<Health> {
    let answer = get(address, ca_file, "/healthz", "application/json").await?;
    let (_, body) = answer.split_once("\r\n\r\n").context("not an HTTP answer")?;
    serde_json::from_str(body).context("the health page is not what we expect")
}

/// A plain HTTP/1.1 GET; answers head and body.
pub async fn get(address: SocketAddr, ca_file: &Path, path: &str, accept: &str) -> anyhow::Result<String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca_file)? {
        roots.add(certificate?)?;
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let ask = async {
        let tcp = TcpStream::connect(address).await?;
        let name = ServerName::try_from("localhost")?;
        let mut tls = tokio_rustls::TlsConnector::from(Arc::new(config))
            .connect(name, tcp)
            .await?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: {accept}\r\nconnection: close\r\n\r\n"
        );
        tls.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        tls.read_to_end(&mut answer).await?;
        anyhow::Ok(String::from_utf8(answer)?)
    };
    match tokio::time::timeout(Duration::from_secs(5), ask).await {
        Ok(answer) => answer,
        Err(_) => bail!("{address} does not answer"),
    }
}

/// Carries messages as bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let length = from.remaining();
        Ok(Some(from.copy_to_bytes(length)))
    }
}
