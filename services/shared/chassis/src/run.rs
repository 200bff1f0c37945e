//! From arguments to a drained server: the same few steps for every service.
//!
//! `hocba-<service> serve` (or nothing) serves, `migrate` brings the database up to date, `probe` asks
//! the one that serves for its health, `variables` lists what is configurable (the manifests are compared
//! with it).

use std::{ffi::OsString, future::Future, net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use clap::{CommandFactory as _, Parser as _};
use futures::future::{BoxFuture, LocalBoxFuture};
use serde::Serialize;
use sqlx::{PgPool, migrate::Migrator};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};
use tonic::service::Routes;
use tonic_health::server::HealthReporter;

use crate::{
    client::{self, Peers},
    clock::Clock,
    config::{Common, Configured},
    database,
    door::Door,
    feed, migrate, probe,
    relay::{self, Sink},
    serve, telemetry,
    tls::{Files, Tls},
    token_keys::Tokens,
};

/// Exit status for bad configuration (sysexits EX_USAGE).
const BAD_CONFIGURATION: u8 = 64;

/// What a service is called and what its database needs.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// Its peer name, such as `records`.
    pub name: &'static str,
    /// Its migrations after chassis' own: fence first where it is guarded, then the service's.
    pub migrations: &'static [&'static Migrator],
}

impl Definition {
    /// All migrations in order.
    #[must_use]
    pub fn all_migrations(&self) -> Vec<&'static Migrator> {
        std::iter::once(&migrate::CHASSIS)
            .chain(self.migrations.iter().copied())
            .collect()
    }
}

/// What a service is built from.
#[derive(Debug, Clone)]
pub struct Context {
    /// The service's name.
    pub name: &'static str,
    /// Now.
    pub clock: Clock,
    /// Our certificate and whom we trust.
    pub tls: Tls,
    /// The database.
    pub pool: PgPool,
    /// Channels to identity and archive, as configured; further peers are made by [`Context::peer`].
    pub peers: Peers,
    /// Judges tokens. Identity replaces it by its own ([`Built::tokens`]).
    pub tokens: Tokens,
}

impl Context {
    /// A channel to a further peer at `host:port`.
    pub fn peer(&self, peer: &'static str, address: &str) -> anyhow::Result<tonic::transport::Channel> {
        client::channel(&self.tls, peer, address)
    }
}

/// A service ready to serve.
pub struct Built {
    /// Its gRPC services.
    pub routes: Routes,
    /// Work that runs beside it for as long as it serves (sweepers, feeds).
    pub tasks: Vec<BoxFuture<'static, ()>>,
    /// Identity's own judge of tokens; others leave it empty.
    pub tokens: Option<Tokens>,
    /// Archive's own sink of events; others leave it empty.
    pub sink: Option<Sink>,
}

impl Built {
    /// A service with these routes and nothing beside.
    #[must_use]
    pub fn new(routes: Routes) -> Self {
        Self {
            routes,
            tasks: Vec::new(),
            tokens: None,
            sink: None,
        }
    }

    /// Adds work that runs beside the service.
    #[must_use]
    pub fn task(mut self, task: impl Future<Output = ()> + Send + 'static) -> Self {
        self.tasks.push(Box::pin(task));
        self
    }
}

/// The whole program. Exit status: 0 after a drained stop, 64 for bad configuration, 1 otherwise.
pub fn main<C, F, Fut>(definition: Definition, build: F) -> ExitCode
where
    C: Configured,
    F: FnOnce(Context, C) -> Fut + 'static,
    Fut: Future<Output = anyhow::Result<Built>> + 'static,
{
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let command = arguments
        .get(1)
        .and_then(|argument| argument.to_str())
        .unwrap_or_default()
        .to_owned();
    if matches!(command.as_str(), "serve" | "migrate" | "probe" | "variables") {
        arguments.remove(1);
    }
    let work: LocalBoxFuture<'static, anyhow::Result<()>> =
        match command.as_str() {
            "variables" => {
                print_variables::<C>();
                return ExitCode::SUCCESS;
            }
            "migrate" => match migrate::Config::try_parse_from(arguments) {
                Ok(config) => Box::pin(async move {
                    migrate::run(definition.name, &definition.all_migrations(), &config).await
                }),
                Err(error) => return usage(&error),
            },
            "probe" => match probe::Config::try_parse_from(arguments) {
                Ok(config) => Box::pin(async move { probe::run(definition.name, &config).await }),
                Err(error) => return usage(&error),
            },
            _ => match C::try_parse_from(arguments) {
                Ok(config) => Box::pin(serve_until_told(definition, config, build)),
                Err(error) => return usage(&error),
            },
        };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("hocba-{}: {error}", definition.name);
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(work) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hocba-{}: {error:#}", definition.name);
            ExitCode::FAILURE
        }
    }
}

fn usage(error: &clap::Error) -> ExitCode {
    drop(error.print());
    if error.use_stderr() {
        ExitCode::from(BAD_CONFIGURATION)
    } else {
        ExitCode::SUCCESS
    }
}

/// One configurable thing, as `variables` prints it.
#[derive(Debug, Serialize)]
struct Variable {
    name: String,
    required: bool,
}

/// One JSON object a line: every environment variable the service reads, and whether it must be set.
#[expect(clippy::print_stdout, reason = "the output of the subcommand")]
fn print_variables<C: Configured>() {
    let commands = [C::command(), migrate::Config::command()];
    for argument in commands.iter().flat_map(|command| command.get_arguments()) {
        if let Some(name) = argument.get_env() {
            let variable = Variable {
                name: name.to_string_lossy().into_owned(),
                required: argument.is_required_set(),
            };
            println!("{}", serde_json::json!(variable));
        }
    }
}

async fn serve_until_told<C, F, Fut>(definition: Definition, config: C, build: F) -> anyhow::Result<()>
where
    C: Configured,
    F: FnOnce(Context, C) -> Fut,
    Fut: Future<Output = anyhow::Result<Built>>,
{
    let common = config.common().clone();
    let telemetry = telemetry::start(definition.name, &common.log, common.otlp_endpoint.as_deref())?;
    let running = start(definition, Clock::system(), config, build).await?;
    tracing::info!(address = %running.address, service = definition.name, "serving");
    eprintln!("hocba-{} serves on {}", definition.name, running.address);

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("draining");
    running.stop().await?;
    telemetry.stop();
    Ok(())
}

/// A service that serves, in this process.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    stop: tokio::sync::oneshot::Sender<()>,
    server: tokio::task::JoinHandle<anyhow::Result<()>>,
    tasks: JoinSet<()>,
}

impl Running {
    /// Drains calls in flight and ends.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        // A server that ended by itself listens no more.
        let _ = self.stop.send(());
        let ended = self.server.await?;
        self.tasks.shutdown().await;
        ended
    }
}

/// Builds and starts a service: the same for the program and for tests in one process.
pub async fn start<C, F, Fut>(
    definition: Definition,
    clock: Clock,
    config: C,
    build: F,
) -> anyhow::Result<Running>
where
    C: Configured,
    F: FnOnce(Context, C) -> Fut,
    Fut: Future<Output = anyhow::Result<Built>>,
{
    let common: Common = config.common().clone();
    let tls = Tls::load(Files::from(&common)).context("certificates")?;
    let pool = database::connect(&common.database_url_file, common.database_pool, definition.name).await?;
    let addresses = [
        ("identity", &common.identity_addr),
        ("archive", &common.archive_addr),
    ]
    .into_iter()
    .filter_map(|(peer, address)| Some((peer, address.clone()?)));
    let peers = Peers::new(&tls, addresses)?;
    let identity = peers.channel("identity").ok();
    let tokens = identity.clone().map_or_else(
        || Tokens::local(clock, []),
        |identity| Tokens::remote(clock, identity),
    );

    let context = Context {
        name: definition.name,
        clock,
        tls: tls.clone(),
        pool: pool.clone(),
        peers: peers.clone(),
        tokens: tokens.clone(),
    };
    let built = build(context, config).await?;
    let own_tokens = built.tokens.is_some();
    let tokens = built.tokens.unwrap_or(tokens);
    let sink = built
        .sink
        .or_else(|| peers.channel("archive").ok().map(Sink::Archive));

    let mut tasks = JoinSet::new();
    for task in built.tasks {
        tasks.spawn(task);
    }
    tasks.spawn(tls.clone().keep_fresh());
    if let Some(sink) = sink {
        tasks.spawn(relay::run(pool.clone(), sink));
    }
    if let (Some(identity), false) = (identity, own_tokens) {
        tasks.spawn(tokens.clone().keep_keys());
        tasks.spawn(feed::follow_in_memory(identity, tokens.clone()));
    }

    let (health, health_service) = tonic_health::server::health_reporter();
    tasks.spawn(report_health(health, pool));
    let listener = TcpListener::bind(common.listen)
        .await
        .with_context(|| format!("cannot listen on {}", common.listen))?;
    let address = listener.local_addr()?;
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let server = tokio::spawn(serve::serve(
        listener,
        tls,
        Door::new(definition.name, tokens),
        built.routes.add_service(health_service),
        async {
            drop(stopped.await);
        },
        Duration::from_secs(common.drain_seconds),
    ));
    Ok(Running {
        address,
        stop,
        server,
        tasks,
    })
}

/// Serving while the database answers.
async fn report_health(health: HealthReporter, pool: PgPool) {
    let health = Arc::new(health);
    loop {
        let answers =
            tokio::time::timeout(Duration::from_secs(2), sqlx::query("select 1").execute(&pool)).await;
        let status = if matches!(answers, Ok(Ok(_))) {
            tonic_health::ServingStatus::Serving
        } else {
            tonic_health::ServingStatus::NotServing
        };
        health.set_service_status("", status).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
