//! All together: from settings to a gateway that serves.

use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use anyhow::Context;
use axum::{Router, http::HeaderMap, routing::get};
use hocba_chassis::{
    Clock,
    client::Peers,
    tls::{Files, Tls},
    token_keys::Tokens,
};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use crate::{
    config::Config,
    edge,
    gate::{self, Gate},
    health::Health,
    rate::Buckets,
    routes::Routes,
};

/// How often the edge's certificate is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// A gateway that serves.
#[derive(Debug)]
pub struct Running {
    /// Where outsiders connect.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    server: tokio::task::JoinHandle<anyhow::Result<()>>,
    tasks: JoinSet<()>,
}

impl Running {
    /// Takes no new calls, lets open ones end, stops.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        let ended = self.server.await?;
        self.tasks.shutdown().await;
        ended
    }
}

/// Starts a gateway.
pub async fn start(config: &Config) -> anyhow::Result<Running> {
    let inside = Tls::load(Files {
        cert: config.tls_cert.clone(),
        key: config.tls_key.clone(),
        ca: config.tls_ca.clone(),
    })
    .context("certificates among our services")?;
    let peers = Peers::new(
        &inside,
        config.peers().map(|(peer, address)| (peer, address.to_owned())),
    )?;
    let gate = Arc::new(Gate {
        routes: Routes::of_contract()?,
        tokens: Tokens::remote(Clock::system(), peers.channel("identity")?),
        buckets: Mutex::new(Buckets::new(config.allowance())),
        body_limit: config.body_bytes,
        call_limit: config.call_limit(),
        peers,
    });

    let mut tasks = JoinSet::new();
    tasks.spawn(gate.tokens.clone().keep_keys());
    // Channels of their own: a check must not wait behind calls.
    let asked = Peers::new(
        &inside,
        config.peers().map(|(peer, address)| (peer, address.to_owned())),
    )?;
    let channels = config
        .peers()
        .into_iter()
        .map(|(peer, _)| Ok((peer.to_owned(), asked.channel(peer)?)))
        .collect::<anyhow::Result<_>>()?;
    let health = Health::of(channels);
    tasks.spawn(inside.keep_fresh());
    let (outside, certificate) = watch::channel(edge::tls(&config.edge_cert, &config.edge_key)?);
    tasks.spawn(keep_fresh(
        config.edge_cert.clone(),
        config.edge_key.clone(),
        outside,
    ));

    let app = Router::new()
        .route(
            "/healthz",
            get(move |headers: HeaderMap| async move { health.answer(&headers).await }),
        )
        // For probes: the edge itself lives, whatever the services do.
        .route("/livez", get(|| async { "ok" }))
        .fallback(gate::pass)
        .with_state(gate);
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let server = tokio::spawn(edge::serve(listener, certificate, app, config.limits(), stopped));
    Ok(Running {
        address,
        stop,
        server,
        tasks,
    })
}

/// Reads the edge's certificate again when it changes, for ever; files that do not fit together (one is
/// not replaced yet) leave the old one in force.
async fn keep_fresh(cert: PathBuf, key: PathBuf, config: watch::Sender<Arc<rustls::ServerConfig>>) {
    let changed = || [&cert, &key].map(|path| fs::metadata(path).and_then(|meta| meta.modified()).ok());
    let mut seen: [Option<SystemTime>; 2] = changed();
    loop {
        tokio::time::sleep(LOOK_AGAIN).await;
        let now = changed();
        if now == seen {
            continue;
        }
        match edge::tls(&cert, &key) {
            Ok(new) => {
                config.send_replace(new);
                seen = now;
                tracing::info!("certificate of the edge reloaded");
            }
            Err(error) => tracing::warn!(%error, "the new certificate does not load, the old one stays"),
        }
    }
}
