//! What this machine can do: the measure of everything else.

use std::{
    fs,
    io::Write,
    time::{Duration, Instant},
};

use anyhow::anyhow;
use hocba_cluster::{Cluster, files, traces::Traces, wait};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, trace_service_client::TraceServiceClient,
};
use ring::{rand::SystemRandom, signature::Ed25519KeyPair};
use serde::Serialize;
use sqlx::{Connection, PgConnection};
use tokio::task::JoinSet;

/// How long each figure is measured.
const TIME: Duration = Duration::from_secs(3);
/// Calls at once, for everything that is called.
pub(crate) const CALLERS: usize = 16;

/// What this machine can do.
#[derive(Debug, Serialize)]
pub(crate) struct Calibration {
    /// Commits of one row by one client.
    pub(crate) commits_per_second_1_client: f64,
    /// The same by 64 clients together.
    pub(crate) commits_per_second_64_clients: f64,
    /// Appends of 8 KiB that reach the disk.
    pub(crate) fdatasync_per_second: f64,
    /// Ed25519 signatures of one thread.
    pub(crate) signatures_per_second: f64,
    /// Empty calls of a bare tonic server in this process.
    pub(crate) bare_echo_calls_per_second: f64,
}

/// Measures the machine.
pub(crate) async fn measure(cluster: &Cluster) -> anyhow::Result<Calibration> {
    let url = cluster.deployment.postgres.superuser_url("postgres");
    let mut connection = PgConnection::connect(&url).await?;
    sqlx::raw_sql("create table if not exists bench (at bigint not null)")
        .execute(&mut connection)
        .await?;
    Ok(Calibration {
        commits_per_second_1_client: commits(&url, 1).await?,
        commits_per_second_64_clients: commits(&url, 64).await?,
        fdatasync_per_second: fdatasync(cluster)?,
        signatures_per_second: signatures()?,
        bare_echo_calls_per_second: echo().await?,
    })
}

/// How often a second something happened.
pub(crate) fn per_second(count: u32, began: Instant) -> f64 {
    f64::from(count) / began.elapsed().as_secs_f64()
}

async fn commits(url: &str, clients: usize) -> anyhow::Result<f64> {
    let mut tasks = JoinSet::new();
    let began = Instant::now();
    for _ in 0..clients {
        let url = url.to_owned();
        tasks.spawn(async move {
            let mut connection = PgConnection::connect(&url).await?;
            let mut count = 0_u32;
            while began.elapsed() < TIME {
                sqlx::raw_sql("insert into bench values (1)")
                    .execute(&mut connection)
                    .await?;
                count += 1;
            }
            anyhow::Ok(count)
        });
    }
    let mut total = 0;
    while let Some(count) = tasks.join_next().await {
        total += count??;
    }
    Ok(per_second(total, began))
}

fn fdatasync(cluster: &Cluster) -> anyhow::Result<f64> {
    let mut file = fs::File::create(cluster.deployment.home.join("fdatasync"))?;
    let (piece, mut count, began) = ([7_u8; 8192], 0, Instant::now());
    while began.elapsed() < TIME {
        file.write_all(&piece)?;
        file.sync_data()?;
        count += 1;
    }
    Ok(per_second(count, began))
}

fn signatures() -> anyhow::Result<f64> {
    let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| anyhow!("no randomness"))?;
    let key = Ed25519KeyPair::from_pkcs8(key.as_ref()).map_err(|_| anyhow!("no key"))?;
    let (mut count, mut message, began) = (0, [0_u8; 64], Instant::now());
    while began.elapsed() < TIME {
        // Each signs what the last one answered, so that none can be left out.
        let signature = key.sign(&message);
        message.copy_from_slice(signature.as_ref());
        count += 1;
    }
    Ok(per_second(count, began))
}

async fn echo() -> anyhow::Result<f64> {
    let address = files::free_address()?;
    let server = tokio::spawn(async move { Traces::default().serve(address).await });
    let client = wait::until("the bare server listens", TIME, || async {
        Ok(TraceServiceClient::connect(format!("http://{address}")).await?)
    })
    .await?;
    let figure = calls(move || {
        let mut client = client.clone();
        async move {
            client.export(ExportTraceServiceRequest::default()).await?;
            Ok(())
        }
    })
    .await;
    server.abort();
    figure
}

/// Calls a second by several callers at once.
pub(crate) async fn calls<F, Fut>(call: F) -> anyhow::Result<f64>
where
    F: Fn() -> Fut + Clone + Send + 'static,
    Fut: Future<Output = anyhow::Result<()>> + Send,
{
    let mut tasks = JoinSet::new();
    let began = Instant::now();
    for _ in 0..CALLERS {
        let call = call.clone();
        tasks.spawn(async move {
            let mut count = 0_u32;
            while began.elapsed() < TIME {
                call().await?;
                count += 1;
            }
            anyhow::Ok(count)
        });
    }
    let mut total = 0;
    while let Some(count) = tasks.join_next().await {
        total += count??;
    }
    Ok(per_second(total, began))
}
