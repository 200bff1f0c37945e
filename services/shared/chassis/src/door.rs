//! The layer every call passes: who is the peer, may it call this, who is the person, how long do they
//! wait; a span and a duration for each call. Puts the [`Caller`] into the request's extensions.

use std::{
    convert::Infallible,
    net::IpAddr,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use opentelemetry::{KeyValue, metrics::Histogram};
use tonic::{
    Code, Status,
    body::Body,
    transport::server::{TcpConnectInfo, TlsConnectInfo},
};
use tower::{Layer, Service};
use tracing::{Instrument as _, Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::{
    caller::{Caller, Peer},
    client, edges,
    error::{Failure, SHARED},
    telemetry, tls,
    token_keys::Tokens,
};

/// Services every peer may call.
const OPEN: &[&str] = &["grpc.health.v1.Health"];

/// The layer.
#[derive(Clone, Debug)]
pub struct Door {
    service: &'static str,
    tokens: Tokens,
    duration: Histogram<f64>,
}

impl Door {
    /// The door of `service`.
    #[must_use]
    pub fn new(service: &'static str, tokens: Tokens) -> Self {
        Self {
            service,
            tokens,
            duration: telemetry::call_duration(),
        }
    }

    fn peer(&self, request: &Request<Body>, service: &str) -> Result<Peer, Failure> {
        let peer = request
            .extensions()
            .get::<TlsConnectInfo<TcpConnectInfo>>()
            .and_then(|info| info.peer_certs())
            .and_then(|chain| tls::peer(chain.first()?))
            .ok_or_else(|| denied("certificate"))?;
        if OPEN.contains(&service) {
            return Ok(peer);
        }
        if !edges::may_call(peer.name(), self.service) {
            return Err(denied("edge").meta("peer", &peer));
        }
        if peer.name() == "gateway" && edges::is_internal(service) {
            return Err(Failure::denied(SHARED, "INTERNAL_ONLY").vi("Dịch vụ này không mở ra bên ngoài."));
        }
        Ok(peer)
    }

    async fn caller(&self, headers: &HeaderMap, peer: Peer) -> Result<Caller, Failure> {
        let person = match headers.get(http::header::AUTHORIZATION) {
            None => None,
            Some(value) => {
                let token = value.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
                Some(
                    self.tokens
                        .person(token.ok_or_else(Failure::sign_in_first)?)
                        .await?,
                )
            }
        };
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        Ok(Caller {
            peer,
            person,
            decision: text(client::DECISION).map(str::to_owned),
            client_address: text(client::CLIENT_ADDRESS).and_then(|address| address.parse::<IpAddr>().ok()),
            client_agent: text(client::CLIENT_AGENT).map(str::to_owned),
            deadline: text("grpc-timeout")
                .and_then(timeout)
                .map(|left| Instant::now() + left),
        })
    }
}

fn denied(what: &str) -> Failure {
    Failure::denied(SHARED, "PERMISSION_DENIED")
        .meta("what", what)
        .vi("Không được phép.")
}

impl<S> Layer<S> for Door {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Guarded {
            door: self.clone(),
            inner,
        }
    }
}

/// A service behind the door.
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    door: Door,
    inner: S,
}

impl<S> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        // The routes are always ready; the clone that is called is readied by oneshot.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let (door, inner) = (self.door.clone(), self.inner.clone());
        let path = request.uri().path().trim_start_matches('/').to_owned();
        let (service, method) = path.split_once('/').unwrap_or((path.as_str(), ""));
        let span = span(service, method);
        if span
            .set_parent(telemetry::extract(&telemetry::Headers(request.headers())))
            .is_err()
        {
            tracing::trace!("not traced");
        }
        let (service, start) = (service.to_owned(), Instant::now());
        // The body cannot be shared between threads: judge by what was read before the first await.
        let (peer, headers) = (door.peer(&request, &service), request.headers().clone());
        Box::pin(async move {
            let judged = async { door.caller(&headers, peer?).await };
            let response = match judged.instrument(span.clone()).await {
                Ok(caller) => {
                    span.record("hocba.peer", caller.peer.name());
                    request.extensions_mut().insert(caller);
                    tower::ServiceExt::oneshot(inner, request)
                        .instrument(span.clone())
                        .await?
                }
                Err(failure) => span.in_scope(|| Status::from(failure).into_http()),
            };
            let code = code(&response);
            span.record("rpc.response.status_code", code);
            door.duration.record(
                start.elapsed().as_secs_f64(),
                &[
                    KeyValue::new("rpc.system.name", "grpc"),
                    KeyValue::new("rpc.method", path),
                    KeyValue::new("rpc.response.status_code", code),
                ],
            );
            Ok(response)
        })
    }
}

fn span(service: &str, method: &str) -> Span {
    tracing::info_span!(
        "rpc",
        otel.name = format!("{service}/{method}"),
        otel.kind = "server",
        rpc.system.name = "grpc",
        rpc.method = format!("{service}/{method}"),
        rpc.response.status_code = field::Empty,
        hocba.peer = field::Empty,
        policy.id = field::Empty,
        policy.article = field::Empty,
    )
}

/// The code of an answer that is only headers (a refusal); streams tell theirs at the end, unseen here.
fn code(response: &Response<Body>) -> &'static str {
    match Status::from_header_map(response.headers()).map(|status| status.code()) {
        None | Some(Code::Ok) => "OK",
        Some(Code::Cancelled) => "CANCELLED",
        Some(Code::InvalidArgument) => "INVALID_ARGUMENT",
        Some(Code::DeadlineExceeded) => "DEADLINE_EXCEEDED",
        Some(Code::NotFound) => "NOT_FOUND",
        Some(Code::AlreadyExists) => "ALREADY_EXISTS",
        Some(Code::PermissionDenied) => "PERMISSION_DENIED",
        Some(Code::ResourceExhausted) => "RESOURCE_EXHAUSTED",
        Some(Code::FailedPrecondition) => "FAILED_PRECONDITION",
        Some(Code::Aborted) => "ABORTED",
        Some(Code::OutOfRange) => "OUT_OF_RANGE",
        Some(Code::Unimplemented) => "UNIMPLEMENTED",
        Some(Code::Internal) => "INTERNAL",
        Some(Code::Unavailable) => "UNAVAILABLE",
        Some(Code::DataLoss) => "DATA_LOSS",
        Some(Code::Unauthenticated) => "UNAUTHENTICATED",
        Some(Code::Unknown) => "UNKNOWN",
    }
}

/// A `grpc-timeout` header: at most eight digits and a unit.
fn timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number.checked_mul(3600)?)),
        "M" => Some(Duration::from_secs(number.checked_mul(60)?)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_read_in_every_unit() {
        assert_eq!(timeout("10S"), Some(Duration::from_secs(10)));
        assert_eq!(timeout("1500m"), Some(Duration::from_millis(1500)));
        assert_eq!(timeout("2H"), Some(Duration::from_secs(7200)));
        assert_eq!(timeout(""), None);
        assert_eq!(timeout("10"), None);
    }
}
