//! The gateway alone, over real TLS on both sides, before a service that answers what it was asked.

#![expect(clippy::unwrap_used, reason = "a test program: a panic is its failure")]

use std::{net::SocketAddr, time::Duration};

use axum::{body::Body, extract::Request, response::Response};
use hocba_cluster::{edge, person, pki::Pki as EdgePki, wire::Wire};
use hocba_gateway::{
    app::{self, Running},
    config::Config,
};
use hocba_proto::lock::{GetTermRequest, WatchTermRequest, lock_service_client::LockServiceClient};
use hocba_testing::{Pki, TestIdentity, TestPeer, eventually};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tonic::{Code, Request as Call, Status, service::Routes, transport::Channel};
use tonic_types::StatusExt;

const SOON: Duration = Duration::from_secs(20);

struct Setting {
    edge: EdgePki,
    _folder: tempfile::TempDir,
    identity: TestIdentity,
    _lock: TestPeer,
    wire: Wire,
    gateway: Running,
    channel: Channel,
}

/// Answers the first message it was sent, and what else it saw as headers.
async fn echo(request: Request) -> Response {
    let seen: Vec<(String, String)> = request
        .headers()
        .iter()
        .map(|(name, value)| {
            (
                format!("seen-{name}"),
                value.to_str().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    let body = match request.into_body().collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Status::aborted("the body broke off").into_http(),
    };
    let trailers = axum::http::HeaderMap::from_iter([(
        axum::http::HeaderName::from_static("grpc-status"),
        axum::http::HeaderValue::from_static("0"),
    )]);
    let frames = [Ok::<_, Status>(Frame::data(body)), Ok(Frame::trailers(trailers))];
    let mut response = Response::new(Body::new(StreamBody::new(futures::stream::iter(frames))));
    response.headers_mut().insert(
        "content-type",
        axum::http::HeaderValue::from_static("application/grpc"),
    );
    for (name, value) in seen {
        let name: axum::http::HeaderName = name.parse().unwrap();
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

fn echoing() -> Routes {
    let (health, service) = tonic_health::server::health_reporter();
    drop(health);
    let router: axum::Router = axum::Router::new().fallback(echo);
    Routes::from(router).add_service(service)
}

async fn setting(change: impl FnOnce(&mut Config)) -> Setting {
    let pki = Pki::make().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let edge = EdgePki::at(folder.path()).unwrap();
    let identity = TestIdentity::start(&pki).await.unwrap();
    let lock = TestPeer::serve(&pki, "lock", identity.tokens(), echoing())
        .await
        .unwrap();
    let wire = Wire::to(lock.address.parse().unwrap()).await.unwrap();
    let files = pki.files("gateway");
    let nowhere = "127.0.0.1:1".to_owned();
    let mut config = Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        edge_cert: edge.certificate("edge"),
        edge_key: edge.key("edge"),
        tls_cert: files.cert,
        tls_key: files.key,
        tls_ca: files.ca,
        identity_addr: identity.peer.address.clone(),
        records_addr: nowhere.clone(),
        workflow_addr: nowhere.clone(),
        lock_addr: wire.address().to_string(),
        signing_addr: nowhere.clone(),
        archive_addr: nowhere,
        connections: 64,
        streams: 16,
        age_seconds: 60,
        body_bytes: 64 * 1024,
        call_seconds: 10,
        client_rate: 1000.0,
        client_burst: 1000.0,
        drain_seconds: 1,
        otlp_endpoint: None,
        log: "info".to_owned(),
    };
    change(&mut config);
    let gateway = app::start(&config).await.unwrap();
    let channel = edge::channel(gateway.address, &edge.edge_ca()).unwrap();
    Setting {
        edge,
        _folder: folder,
        identity,
        _lock: lock,
        wire,
        gateway,
        channel,
    }
}

impl Setting {
    fn client(&self) -> LockServiceClient<Channel> {
        LockServiceClient::new(self.channel.clone())
    }

    fn token(&self) -> String {
        self.identity.person("01018a01", &["principal"]).token
    }

    fn ask(&self, name: &str) -> Call<GetTermRequest> {
        person::with_token(
            &self.token(),
            GetTermRequest {
                name: name.to_owned(),
            },
        )
        .unwrap()
    }
}

fn reason(status: &Status) -> String {
    status
        .get_details_error_info()
        .map(|info| info.reason)
        .unwrap_or_default()
}

#[tokio::test]
async fn bytes_pass_both_ways_and_nothing_trusted_comes_along() {
    let setting = setting(|_| ()).await;
    let mut call = setting.ask("schools/a/years/b/terms/c");
    for name in [
        "x-hocba-client-address",
        "x-hocba-decision",
        "x-forwarded-for",
        "forwarded",
    ] {
        call.metadata_mut().insert(name, "10.9.8.7".parse().unwrap());
    }
    call.set_timeout(Duration::from_secs(5));
    let answer = setting.client().get_term(call).await.unwrap();
    let seen = |name: &str| {
        answer
            .metadata()
            .get(format!("seen-{name}"))
            .and_then(|value| value.to_str().ok())
    };
    assert_eq!(answer.get_ref().name, "schools/a/years/b/terms/c");
    assert_eq!(seen("x-hocba-client-address"), Some("127.0.0.1"));
    for name in ["x-hocba-decision", "x-forwarded-for", "forwarded"] {
        assert_eq!(seen(name), None, "{name}");
    }
    assert_eq!(seen("grpc-timeout"), Some("5000m"));
    assert!(seen("authorization").unwrap().starts_with("Bearer "));
}

#[tokio::test]
async fn streams_pass() {
    let setting = setting(|_| ()).await;
    let ask = WatchTermRequest {
        name: "schools/a".to_owned(),
    };
    let call = person::with_token(&setting.token(), ask).unwrap();
    let mut stream = setting.client().watch_term(call).await.unwrap().into_inner();
    assert_eq!(stream.message().await.unwrap().unwrap().name, "schools/a");
    assert_eq!(stream.message().await.unwrap(), None, "the end passes too");
}

#[tokio::test]
async fn absent_forged_and_ended_tokens_go_no_further() {
    let setting = setting(|_| ()).await;
    let refused = setting
        .client()
        .get_term(GetTermRequest::default())
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Unauthenticated, "UNAUTHENTICATED")
    );
    assert!(
        refused
            .get_details_localized_message()
            .is_some_and(|words| words.locale == "vi")
    );

    let forged = person::with_token("e30.e30.AA", GetTermRequest::default()).unwrap();
    let refused = setting.client().get_term(forged).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Unauthenticated, "UNAUTHENTICATED")
    );

    let ended = setting
        .identity
        .sign_in(hocba_chassis::clock::new_id(), Some("a"), &[], -60)
        .token;
    let ended = person::with_token(&ended, GetTermRequest::default()).unwrap();
    let refused = setting.client().get_term(ended).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Unauthenticated, "TOKEN_EXPIRED")
    );
}

#[tokio::test]
async fn g1_internal_and_unknown_methods_are_not_there() {
    let setting = setting(|_| ()).await;
    let token = setting.token();
    for (path, code, why) in [
        (
            "/hocba.lock.v1.FenceService/InstallFence",
            Code::PermissionDenied,
            "INTERNAL_ONLY",
        ),
        (
            "/hocba.lock.v1.LockInternalService/OpenScope",
            Code::PermissionDenied,
            "INTERNAL_ONLY",
        ),
        (
            "/hocba.lock.v1.LockService/Nothing",
            Code::Unimplemented,
            "METHOD_UNKNOWN",
        ),
        (
            "/grpc.health.v1.Health/Check",
            Code::Unimplemented,
            "METHOD_UNKNOWN",
        ),
        (
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            Code::Unimplemented,
            "METHOD_UNKNOWN",
        ),
    ] {
        let call = person::with_token(&token, Vec::new()).unwrap();
        let refused = edge::call(&setting.channel, path, call).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (code, why), "{path}");
    }
}

#[tokio::test]
async fn g2_a_request_has_a_size_and_a_client_a_rate() {
    let setting = setting(|config| {
        config.client_rate = 0.5;
        config.client_burst = 3.0;
    })
    .await;
    let refused = setting
        .client()
        .get_term(setting.ask(&"x".repeat(80 * 1024)))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::ResourceExhausted, "REQUEST_TOO_LARGE")
    );
    for _ in 0..2 {
        setting.client().get_term(setting.ask("schools/a")).await.unwrap();
    }
    let refused = setting
        .client()
        .get_term(setting.ask("schools/a"))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::ResourceExhausted, "RATE_LIMITED")
    );
    assert!(
        refused
            .get_details_retry_info()
            .and_then(|retry| retry.retry_delay)
            .is_some()
    );
}

#[tokio::test]
async fn a_service_that_goes_is_unavailable_without_insides_and_comes_back() {
    let setting = setting(|_| ()).await;
    setting.client().get_term(setting.ask("schools/a")).await.unwrap();
    setting.wire.cut();
    eventually("lock is gone", SOON, || async {
        match setting.client().get_term(setting.ask("schools/a")).await {
            Ok(_) => Err("it still answers".to_owned()),
            Err(away) if reason(&away) == "UNAVAILABLE" => {
                assert_eq!(away.code(), Code::Unavailable);
                assert!(!away.message().contains("127.0.0.1"), "{}", away.message());
                Ok(())
            }
            Err(other) => Err(format!("{other:?}")),
        }
    })
    .await;
    setting.wire.heal();
    eventually("lock is back", SOON, || async {
        setting
            .client()
            .get_term(setting.ask("schools/a"))
            .await
            .map_err(|status| format!("{status:?}"))
    })
    .await;
}

#[tokio::test]
async fn a_service_that_says_nothing_costs_the_time_of_the_call() {
    let setting = setting(|config| config.call_seconds = 1).await;
    setting.client().get_term(setting.ask("schools/a")).await.unwrap();
    setting.wire.freeze();
    let late = setting
        .client()
        .get_term(setting.ask("schools/a"))
        .await
        .unwrap_err();
    assert_eq!(
        (late.code(), reason(&late).as_str()),
        (Code::DeadlineExceeded, "DEADLINE_TOO_SHORT")
    );
}

#[tokio::test]
async fn the_health_page_tells_programs_and_people() {
    let setting = setting(|_| ()).await;
    let (address, ca): (SocketAddr, _) = (setting.gateway.address, setting.edge.edge_ca());
    eventually("lock is seen", SOON, || async {
        let health = edge::health(address, &ca)
            .await
            .map_err(|error| error.to_string())?;
        assert_eq!(health.status, "not_serving", "records is nowhere");
        assert_eq!(
            health.services.get("records").map(String::as_str),
            Some("unreachable")
        );
        match health.services.get("lock").map(String::as_str) {
            Some("serving") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    let page = edge::get(address, &ca, "/healthz", "text/html").await.unwrap();
    assert!(page.starts_with("HTTP/1.1 503"), "{page}");
    assert!(
        page.contains("Học bạ số") && page.contains("đang hoạt động"),
        "{page}"
    );
    assert!(
        edge::get(address, &ca, "/livez", "*/*")
            .await
            .unwrap()
            .starts_with("HTTP/1.1 200")
    );
    assert!(
        edge::get(address, &ca, "/", "*/*")
            .await
            .unwrap()
            .starts_with("HTTP/1.1 404")
    );
}

#[tokio::test]
async fn a_stopped_gateway_takes_nothing_more() {
    let setting = setting(|_| ()).await;
    setting.client().get_term(setting.ask("schools/a")).await.unwrap();
    let address = setting.gateway.address;
    setting.gateway.stop().await.unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
