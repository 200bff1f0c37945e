//! The server: accepts mutual TLS, hands connections to tonic with limits, drains when told.

use std::{future::Future, net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{service::Routes, transport::Server};

use crate::{door::Door, tls::Tls};

const HANDSHAKE: Duration = Duration::from_secs(5);
/// Connections end after this long, so that new certificates and new instances come into use.
const CONNECTION_AGE: Duration = Duration::from_secs(600);
/// No call takes longer.
const CALL: Duration = Duration::from_secs(120);

/// Serves `routes` behind `door` until `stop` is ready, then gives calls in flight `drain` to end.
pub async fn serve(
    listener: TcpListener,
    tls: Tls,
    door: Door,
    routes: Routes,
    stop: impl Future<Output = ()> + Send,
    drain: Duration,
) -> anyhow::Result<()> {
    let (sender, receiver) = mpsc::channel(64);
    let accepting = tokio::spawn(accept(listener, tls, sender));
    let (stopping, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = Server::builder()
        .timeout(CALL)
        .max_concurrent_streams(256)
        .concurrency_limit_per_connection(256)
        .initial_stream_window_size(1 << 20)
        .max_connection_age(CONNECTION_AGE)
        .max_connection_age_grace(Duration::from_secs(30))
        .http2_keepalive_interval(Some(Duration::from_secs(20)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)))
        .http2_max_header_list_size(16 * 1024)
        .layer(door)
        .add_routes(routes)
        .serve_with_incoming_shutdown(ReceiverStream::new(receiver), async {
            // The sender lives in `stopping`'s owner below; either way it is time to stop.
            drop(stopped.await);
        });
    tokio::pin!(server);
    tokio::select! {
        ended = &mut server => return Ok(ended?),
        () = stop => {}
    }
    accepting.abort();
    drop(stopping);
    match tokio::time::timeout(drain, server).await {
        Ok(ended) => Ok(ended?),
        Err(_) => {
            tracing::warn!("calls were still in flight when the time to drain was over");
            Ok(())
        }
    }
}

async fn accept(
    listener: TcpListener,
    tls: Tls,
    sender: mpsc::Sender<std::io::Result<TlsStream<TcpStream>>>,
) {
    loop {
        let (tcp, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (acceptor, sender) = (TlsAcceptor::from(tls.server()), sender.clone());
        tokio::spawn(async move {
            if let Some(stream) = handshake(acceptor, tcp, from).await {
                drop(sender.send(Ok(stream)).await);
            }
        });
    }
}

async fn handshake(acceptor: TlsAcceptor, tcp: TcpStream, from: SocketAddr) -> Option<TlsStream<TcpStream>> {
    drop(tcp.set_nodelay(true));
    match tokio::time::timeout(HANDSHAKE, acceptor.accept(tcp)).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%from, %error, "handshake refused");
            None
        }
        Err(_) => {
            tracing::debug!(%from, "handshake took too long");
            None
        }
    }
}
