//! The harness itself: wires, traces, private databases.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test program: a panic is its failure"
)]

use std::{
    net::{Ipv4Addr, SocketAddr},
    process::Command,
    time::Duration,
};

use hocba_cluster::{
    files,
    traces::{self, Span, Traces},
    wait,
    wire::Wire,
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTraceServiceRequest, trace_service_client::TraceServiceClient},
    trace::v1::{ResourceSpans, ScopeSpans, Span as Sent},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

const SOON: Duration = Duration::from_secs(5);
const A_MOMENT: Duration = Duration::from_millis(150);

async fn echo() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                tokio::io::copy(&mut from, &mut to).await.unwrap_or_default()
            });
        }
    });
    address
}

async fn say(stream: &mut TcpStream, word: &[u8; 4]) {
    stream.write_all(word).await.unwrap();
    let mut heard = [0; 4];
    timeout(SOON, stream.read_exact(&mut heard))
        .await
        .expect("an echo")
        .expect("an echo");
    assert_eq!(&heard, word);
}

#[tokio::test]
async fn a_wire_carries_both_ways() {
    let wire = Wire::to(echo().await).await.unwrap();
    let mut stream = TcpStream::connect(wire.address()).await.unwrap();
    say(&mut stream, b"ping").await;
    say(&mut stream, b"pong").await;
}

#[tokio::test]
async fn a_cut_wire_ends_connections_and_refuses_new_ones_until_healed() {
    let wire = Wire::to(echo().await).await.unwrap();
    let mut stream = TcpStream::connect(wire.address()).await.unwrap();
    say(&mut stream, b"ping").await;
    wire.cut();
    let mut heard = [0; 4];
    let ended = timeout(SOON, stream.read(&mut heard))
        .await
        .expect("the end of the connection");
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    let mut refused = TcpStream::connect(wire.address()).await.unwrap();
    let ended = timeout(SOON, refused.read(&mut heard)).await.expect("a refusal");
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    wire.heal();
    say(&mut TcpStream::connect(wire.address()).await.unwrap(), b"back").await;
}

#[tokio::test]
async fn a_frozen_wire_keeps_the_connection_silent_and_loses_nothing() {
    let wire = Wire::to(echo().await).await.unwrap();
    let mut stream = TcpStream::connect(wire.address()).await.unwrap();
    say(&mut stream, b"ping").await;
    wire.freeze();
    stream.write_all(b"held").await.unwrap();
    let mut heard = [0; 4];
    assert!(
        timeout(A_MOMENT, stream.read_exact(&mut heard)).await.is_err(),
        "nothing comes through"
    );
    wire.heal();
    timeout(SOON, stream.read_exact(&mut heard))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&heard, b"held");
}

#[tokio::test]
async fn a_slow_wire_carries_late() {
    let wire = Wire::to(echo().await).await.unwrap();
    let mut stream = TcpStream::connect(wire.address()).await.unwrap();
    wire.delay(A_MOMENT);
    let began = tokio::time::Instant::now();
    say(&mut stream, b"slow").await;
    assert!(began.elapsed() >= A_MOMENT * 2, "once each way");
}

#[tokio::test]
async fn spans_arrive_and_make_a_tree() {
    let traces = Traces::default();
    let address = files::free_address().unwrap();
    tokio::spawn({
        let traces = traces.clone();
        async move { traces.serve(address).await }
    });
    let span = |id: u8, parent: &[u8], name: &str| Sent {
        trace_id: vec![7; 16],
        span_id: vec![id; 8],
        parent_span_id: parent.to_vec(),
        name: name.to_owned(),
        start_time_unix_nano: u64::from(id) * 1000,
        end_time_unix_nano: 9000,
        ..Sent::default()
    };
    let sent = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            scope_spans: vec![ScopeSpans {
                spans: vec![span(2, &[1; 8], "inner"), span(1, &[], "outer")],
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    };
    wait::until("the receiver listens", SOON, || {
        let sent = sent.clone();
        async move {
            TraceServiceClient::connect(format!("http://{address}"))
                .await?
                .export(sent)
                .await?;
            Ok(())
        }
    })
    .await
    .unwrap();
    let spans: Vec<Span> = traces.of(&"07".repeat(16));
    assert_eq!(spans.len(), 2);
    assert_eq!(traces::tree(&spans), " · outer · 8 µs\n   · inner · 7 µs\n");
}

#[test]
fn a_command_gets_databases_of_its_own_and_they_end_with_it() {
    let output = Command::new(env!("CARGO_BIN_EXE_hocba-dev"))
        .args(["with-databases", "--", "/bin/sh", "-c"])
        .arg("psql -X -At -c 'select 6 * 7' \"$HOCBA_TEST_POSTGRES\" && echo \"$HOCBA_TEST_REDIS\" && exit 3")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        output.status.code(),
        Some(3),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut lines = said.lines();
    assert_eq!(lines.next(), Some("42"));
    let redis = lines.next().unwrap();
    let address: SocketAddr = redis
        .trim_end_matches('/')
        .rsplit('@')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(
        std::net::TcpStream::connect(address).is_err(),
        "Redis still listens"
    );
}
