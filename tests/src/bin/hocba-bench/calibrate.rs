//! What this machine can do at all, measured first: every later figure is a ratio to one of these.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, anyhow};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use serde::Serialize;
use sqlx::{Connection as _, PgConnection};

/// The machine's own speed.
#[derive(Debug, Clone, Serialize)]
pub struct Calibration {
    /// Durable single-row commits per second of this PostgreSQL, one client.
    pub commits_per_second_1: f64,
    /// The same with 64 clients.
    pub commits_per_second_64: f64,
    /// `fdatasync` of an appended 4 KiB block, per second.
    pub fdatasync_per_second: f64,
    /// ECDSA P-256 signatures per second of one core.
    pub signatures_per_second: f64,
}

/// Measures for about `span` each. `database` is a superuser URL; a table of our own is made and dropped.
pub async fn calibrate(database: &str, folder: &Path, span: Duration) -> anyhow::Result<Calibration> {
    let mut admin = PgConnection::connect(database).await.context("cannot connect for calibration")?;
    execute(&mut admin, "drop table if exists hocba_bench_commit").await?;
    execute(&mut admin, "create table hocba_bench_commit (id bigserial primary key, at timestamptz)").await?;
    let commits_per_second_1 = commits(database, 1, span).await?;
    let commits_per_second_64 = commits(database, 64, span).await?;
    execute(&mut admin, "drop table hocba_bench_commit").await?;
    admin.close().await?;

    let folder = folder.to_owned();
    let (fdatasync_per_second, signatures_per_second) = tokio::task::spawn_blocking(move || {
        anyhow::Ok((syncs(&folder, span)?, signatures(span)?))
    })
    .await??;
    Ok(Calibration {
        commits_per_second_1,
        commits_per_second_64,
        fdatasync_per_second,
        signatures_per_second,
    })
}

async fn execute(connection: &mut PgConnection, statement: &'static str) -> anyhow::Result<()> {
    sqlx::raw_sql(statement).execute(connection).await?;
    Ok(())
}

async fn commits(database: &str, clients: u32, span: Duration) -> anyhow::Result<f64> {
    let mut connections = Vec::new();
    for _ in 0..clients {
        connections.push(PgConnection::connect(database).await?);
    }
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for mut connection in connections {
        tasks.spawn(async move {
            let mut count = 0_u64;
            while start.elapsed() < span {
                execute(&mut connection, "insert into hocba_bench_commit (at) values (now())").await?;
                count += 1;
            }
            anyhow::Ok(count)
        });
    }
    let mut total = 0;
    while let Some(count) = tasks.join_next().await {
        total += count??;
    }
    Ok(total as f64 / start.elapsed().as_secs_f64())
}

fn syncs(folder: &Path, span: Duration) -> anyhow::Result<f64> {
    let path = folder.join("bench.fdatasync");
    let mut file = File::create(&path)?;
    let block = [0_u8; 4096];
    let start = Instant::now();
    let mut count = 0_u64;
    while start.elapsed() < span {
        file.write_all(&block)?;
        file.sync_data()?;
        count += 1;
    }
    std::fs::remove_file(&path)?;
    Ok(count as f64 / start.elapsed().as_secs_f64())
}

fn signatures(span: Duration) -> anyhow::Result<f64> {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
        .map_err(|_| anyhow!("cannot make a key"))?;
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random)
        .map_err(|_| anyhow!("cannot read the key"))?;
    let message = [7_u8; 256];
    let start = Instant::now();
    let mut count = 0_u64;
    while start.elapsed() < span {
        for _ in 0..64 {
            key.sign(&random, &message).map_err(|_| anyhow!("cannot sign"))?;
        }
        count += 64;
    }
    Ok(count as f64 / start.elapsed().as_secs_f64())
}
