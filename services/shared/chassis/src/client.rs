//! Calls to peers: mutual TLS channels that reconnect by themselves, and requests that carry on the
//! person's token, the trace and what is left of the caller's time.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::Context as _;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::{
    Request,
    metadata::{AsciiMetadataValue, MetadataMap},
    transport::{Channel, Endpoint},
};
use tower::service_fn;

use crate::{caller::Caller, telemetry, tls::Tls};

/// The header with the decision that work without a person carries out.
pub const DECISION: &str = "x-hocba-decision";
/// The header with the client's address, set by the edge and passed on by services.
pub const CLIENT_ADDRESS: &str = "x-hocba-client-address";
/// The header with what the client calls itself (its user-agent, cleaned), set by the edge for identity.
pub const CLIENT_AGENT: &str = "x-hocba-client-agent";
/// How long background work waits for a peer.
const BACKGROUND: Duration = Duration::from_secs(10);
/// The longest a call made for a person may take when the person set no deadline.
const LONGEST: Duration = Duration::from_secs(30);

/// Channels to the peers this service calls.
#[derive(Clone, Debug, Default)]
pub struct Peers(Arc<BTreeMap<&'static str, Channel>>);

impl Peers {
    /// Channels to these peers, `host:port` each. Nothing is connected before the first call.
    pub fn new(
        tls: &Tls,
        addresses: impl IntoIterator<Item = (&'static str, String)>,
    ) -> anyhow::Result<Self> {
        addresses
            .into_iter()
            .map(|(peer, address)| Ok((peer, channel(tls, peer, &address)?)))
            .collect::<anyhow::Result<_>>()
            .map(|channels| Self(Arc::new(channels)))
    }

    /// The channel to a peer; an error when its address was not configured.
    pub fn channel(&self, peer: &str) -> anyhow::Result<Channel> {
        self.0
            .get(peer)
            .cloned()
            .with_context(|| format!("the address of {peer} is not configured"))
    }
}

/// A lazily connected channel to `peer` at `host:port`. The peer must prove its name by certificate.
pub fn channel(tls: &Tls, peer: &str, address: &str) -> anyhow::Result<Channel> {
    let name = ServerName::try_from(peer.to_owned()).context("peer name")?;
    let (tls, address) = (tls.clone(), address.to_owned());
    let connector = service_fn(move |_: http::Uri| {
        let (connector, name, address) = (TlsConnector::from(tls.client()), name.clone(), address.clone());
        async move {
            let tcp = TcpStream::connect(&address).await?;
            tcp.set_nodelay(true)?;
            Ok::<_, std::io::Error>(TokioIo::new(connector.connect(name, tcp).await?))
        }
    });
    Ok(Endpoint::from_shared(format!("http://{peer}"))?
        .connect_timeout(Duration::from_secs(3))
        .http2_keep_alive_interval(Duration::from_secs(10))
        .keep_alive_timeout(Duration::from_secs(5))
        .keep_alive_while_idle(true)
        .connect_with_connector_lazy(connector))
}

/// A request made for the caller: carries the person's token, the client's address, the trace and what
/// is left of the deadline, shaved so that we can still answer.
#[must_use]
pub fn forward<M>(caller: &Caller, message: M) -> Request<M> {
    let mut request = Request::new(message);
    let left = caller.time_left().unwrap_or(LONGEST).min(LONGEST);
    request.set_timeout(left.mul_f32(0.95));
    let metadata = request.metadata_mut();
    if let Some(person) = &caller.person {
        set(metadata, "authorization", &format!("Bearer {}", person.token));
    }
    if let Some(address) = caller.client_address {
        set(metadata, CLIENT_ADDRESS, &address.to_string());
    }
    if let Some(decision) = &caller.decision {
        set(metadata, DECISION, decision);
    }
    telemetry::inject(metadata);
    request
}

/// A request without a person: names the recorded decision it carries out.
#[must_use]
pub fn background<M>(decision: &str, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.set_timeout(BACKGROUND);
    set(request.metadata_mut(), DECISION, decision);
    telemetry::inject(request.metadata_mut());
    request
}

/// Resource names, tokens and addresses are ASCII; anything else is left out rather than sent bent.
fn set(metadata: &mut MetadataMap, key: &'static str, value: &str) {
    if let Ok(value) = AsciiMetadataValue::try_from(value) {
        metadata.insert(key, value);
    }
}
