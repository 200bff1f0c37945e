//! What every call passes: allow list, rate, token, headers, size, time; then it is carried as bytes.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, Method, Request, StatusCode, Version},
    response::{IntoResponse, Response},
};
use hocba_chassis::{Failure, client::Peers, telemetry, token_keys::Tokens};
use tonic::Status;
use tower::ServiceExt;
use tracing::{Instrument, Span, field::Empty};

use crate::{
    authenticate,
    body::{Followed, Limited},
    edge::Client,
    headers,
    rate::Buckets,
    refusal,
    routes::{Found, Route, Routes},
};

/// Everything a call is judged and carried by.
#[derive(Debug)]
pub struct Gate {
    /// The allow list.
    pub routes: Routes,
    /// Channels to the services.
    pub peers: Peers,
    /// Who may come with which token.
    pub tokens: Tokens,
    /// Room of each client.
    pub buckets: Mutex<Buckets>,
    /// Bytes of one request.
    pub body_limit: usize,
    /// Time of a call that answers once.
    pub call_limit: Duration,
}

/// Carries a call or refuses it.
pub async fn pass(State(gate): State<Arc<Gate>>, request: Request<Body>) -> Response {
    let speaks_grpc = request.version() == Version::HTTP_2
        && request.method() == Method::POST
        && headers::is_grpc(request.headers());
    if !speaks_grpc {
        return StatusCode::NOT_FOUND.into_response();
    }
    let route = match gate.routes.find(request.uri().path()) {
        Found::Public(route) => route,
        Found::Internal => return Status::from(refusal::internal_only()).into_http(),
        Found::Unknown => return Status::from(refusal::method_unknown()).into_http(),
    };
    let span = tracing::info_span!(
        "call",
        otel.name = route.method,
        otel.kind = "server",
        rpc.system.name = "grpc",
        rpc.method = route.method,
        rpc.response.status_code = Empty,
        error.type = Empty,
    );
    let trace_parent = request
        .headers()
        .get("traceparent")
        .and_then(|value| value.to_str().ok());
    telemetry::continue_trace(&span, trace_parent.unwrap_or_default());
    match gate
        .carry(route, request, span.clone())
        .instrument(span.clone())
        .await
    {
        Ok(response) => response,
        Err(failure) => span.in_scope(|| {
            span.record("rpc.response.status_code", i32::from(failure.code()));
            span.record("error.type", failure.reason());
            Status::from(failure).into_http()
        }),
    }
}

impl Gate {
    async fn carry(&self, route: &Route, request: Request<Body>, span: Span) -> Result<Response, Failure> {
        let (mut parts, body) = request.into_parts();
        // Every connection names its client; without one all share a bucket.
        let client = parts
            .extensions
            .get::<Client>()
            .map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |client| client.0.ip());
        self.buckets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(client, Instant::now())
            .map_err(refusal::rate_limited)?;
        authenticate::check(&self.tokens, route, &mut parts.headers).await?;

        let asked = headers::timeout(&parts.headers);
        // A stream may last; a call that answers once may not.
        let limit = match (route.streams, asked) {
            (true, asked) => asked,
            (false, asked) => Some(asked.unwrap_or(self.call_limit).min(self.call_limit)),
        };
        headers::enter(&mut parts.headers, client, limit);
        if let Ok(trace) = HeaderValue::try_from(telemetry::trace_parent())
            && !trace.is_empty()
        {
            parts.headers.insert("traceparent", trace);
        }
        parts.extensions.clear();
        let (body, exceeded) = Limited::new(body, self.body_limit);
        let request = Request::from_parts(parts, tonic::body::Body::new(body));

        let channel = self.peers.channel(&route.peer).map_err(Failure::internal)?;
        let began = Instant::now();
        let called = channel.oneshot(request);
        let answered = match limit {
            Some(limit) => tokio::time::timeout(limit, called)
                .await
                .map_err(|_| refusal::too_late())?,
            None => called.await,
        };
        if exceeded.happened() {
            return Err(refusal::request_too_large(self.body_limit));
        }
        match answered {
            Ok(response) => {
                note_refusal(&span, &response);
                Ok(response.map(|body| Body::new(Followed::new(body, span))))
            }
            // The channel keeps the call's time too, and may be the first to say so.
            Err(_) if limit.is_some_and(|limit| began.elapsed() >= limit) => Err(refusal::too_late()),
            Err(error) => {
                // What TLS or the network said is for us, not for outsiders.
                tracing::warn!(peer = route.peer, %error, "the service is away");
                Err(Failure::away(&route.peer))
            }
        }
    }
}

/// A refusal comes as headers alone; other answers tell their code at the end of the body.
fn note_refusal<B>(span: &Span, response: &axum::http::Response<B>) {
    if let Some(code) = response
        .headers()
        .get("grpc-status")
        .and_then(|code| code.to_str().ok())
    {
        span.record("rpc.response.status_code", code);
    }
}
