//! Peers in the test's process, over real mutual TLS.

use std::time::Duration;

use hocba_chassis::{client, clock::Clock, door::Door, serve, token_keys::Tokens};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tonic::{service::Routes, transport::Channel};

use crate::pki::Pki;

/// A peer that serves until the value goes.
#[derive(Debug)]
pub struct TestPeer {
    /// Where it listens, `host:port`.
    pub address: String,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<anyhow::Result<()>>,
}

impl TestPeer {
    /// Serves `routes` as `name`, judging tokens by `tokens`, on a free port.
    pub async fn serve(
        pki: &Pki,
        name: &'static str,
        tokens: Tokens,
        routes: Routes,
    ) -> anyhow::Result<Self> {
        Self::serve_at(pki, name, tokens, routes, "127.0.0.1:0").await
    }

    /// The same at a chosen address: for a peer that comes back.
    pub async fn serve_at(
        pki: &Pki,
        name: &'static str,
        tokens: Tokens,
        routes: Routes,
        address: &str,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?.to_string();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(serve::serve(
            listener,
            pki.tls(name)?,
            Door::new(name, tokens),
            routes,
            async {
                drop(stopped.await);
            },
            Duration::from_millis(100),
        ));
        Ok(Self {
            address,
            stop: Some(stop),
            server,
        })
    }

    /// Serves without looking at tokens: for peers that only answer.
    pub async fn open(pki: &Pki, name: &'static str, routes: Routes) -> anyhow::Result<Self> {
        Self::serve(pki, name, Tokens::local(Clock::system(), []), routes).await
    }

    /// Stops at once; the address is free afterwards.
    pub async fn stop(mut self) {
        self.stop.take();
        // Drained, not aborted: connections that are open must end too, and the port be free.
        let _ = (&mut self.server).await;
    }
}

impl Drop for TestPeer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A channel to the service `to` at `address`, calling as the peer `from`.
pub fn channel_as(pki: &Pki, from: &str, to: &str, address: &str) -> anyhow::Result<Channel> {
    client::channel(&pki.tls(from)?, to, address)
}
