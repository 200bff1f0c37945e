//! What we make of the machine, through the gateway.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::Context;
use hocba_cluster::{
    Cluster, Node,
    figures::{self, Spread},
    school::{ITEMS, School, workbook},
};
use hocba_proto::identity::{GetJwksRequest, identity_service_client::IdentityServiceClient};
use serde::Serialize;
use sqlx::Row as _;
use tokio::task::JoinSet;

use crate::calibration;

/// Pupils of a full class.
const CLASS: usize = 35;
/// Pupils of a whole school, in [`CLASSES`] classes.
const SCHOOL: usize = 996;
const CLASSES: usize = 28;
/// Who seals at once.
const CLIENTS: usize = 32;
const PERIODS: [&str; 4] = ["mid1", "end1", "mid2", "end2"];

/// Our figures.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    /// `GetJwks` through the gateway: TLS, routes, limits, mutual TLS, a service that only answers.
    pub(crate) no_op_calls_per_second: f64,
    /// To open a sheet of 35 and read it, by one client.
    pub(crate) open_millis: Spread,
    /// To save 35 drafts.
    pub(crate) save_millis: Spread,
    /// To finish (seal) it.
    pub(crate) finish_millis: Spread,
    /// All of it: open, read, save, finish.
    pub(crate) sheet_millis: Spread,
    /// To read and take over the office's list of 996 pupils in 28 classes.
    pub(crate) import_996_millis: f64,
    /// Sheets of 35 sealed a second by 32 clients at once, from opening to receipt.
    pub(crate) sealed_sheets_per_second_32_clients: f64,
    /// Sheets sealed for each flush of PostgreSQL's log meanwhile; above one, commits share a flush.
    pub(crate) sealed_sheets_per_wal_flush: f64,
    /// Resident memory of each program before it worked, MiB.
    pub(crate) idle_mebibytes: BTreeMap<String, f64>,
    /// The same after all this.
    pub(crate) after_mebibytes: BTreeMap<String, f64>,
}

/// Measures us.
pub(crate) async fn measure(cluster: &Cluster) -> anyhow::Result<Figures> {
    let idle_mebibytes = figures::resident(cluster)?;
    let identity = IdentityServiceClient::new(cluster.channel());
    let no_op_calls_per_second = calibration::calls(move || {
        let mut identity = identity.clone();
        async move {
            identity.get_jwks(GetJwksRequest {}).await?;
            Ok(())
        }
    })
    .await?;
    let one = School::make_with(cluster, &pupils(CLASS)).await?;
    let times = alone(&one).await?;
    let import_996_millis = import(cluster).await?;
    let (per_second, per_flush) = together(cluster).await?;
    Ok(Figures {
        no_op_calls_per_second,
        open_millis: Spread::of(times.open),
        save_millis: Spread::of(times.save),
        finish_millis: Spread::of(times.finish),
        sheet_millis: Spread::of(times.sheet),
        import_996_millis,
        sealed_sheets_per_second_32_clients: per_second,
        sealed_sheets_per_wal_flush: per_flush,
        idle_mebibytes,
        after_mebibytes: figures::resident(cluster)?,
    })
}

fn pupils(count: usize) -> Vec<String> {
    // Words, since a name with a digit is refused: 10 × 10 × 10 of them.
    const WORDS: [&str; 10] = [
        "An", "Bình", "Chi", "Dung", "Giang", "Hà", "Khôi", "Lan", "Minh", "Ngọc",
    ];
    let names = WORDS.iter().flat_map(|one| {
        let both = WORDS.iter().map(move |two| (one, two));
        both.flat_map(|(one, two)| WORDS.iter().map(move |three| format!("Lê {one} {two} {three}")))
    });
    names.take(count).collect()
}

#[derive(Default)]
struct Times {
    open: Vec<Duration>,
    save: Vec<Duration>,
    finish: Vec<Duration>,
    sheet: Vec<Duration>,
}

/// Every subject's sheet of every period, by one client.
async fn alone(school: &School) -> anyhow::Result<Times> {
    let mut times = Times::default();
    for period in PERIODS {
        for item in ITEMS {
            let sheet = school.sheet(item, period);
            let began = Instant::now();
            let session = school.open(&sheet).await?;
            let cells = school.look(&sheet).await?.cells;
            times.open.push(began.elapsed());
            let opened = Instant::now();
            school.save(&session, cells).await?;
            times.save.push(opened.elapsed());
            let saved = Instant::now();
            school.finish(&session).await?;
            times.finish.push(saved.elapsed());
            times.sheet.push(began.elapsed());
        }
    }
    Ok(times)
}

/// A school's list on the first day: read, then taken over.
async fn import(cluster: &Cluster) -> anyhow::Result<f64> {
    let names = classes();
    let nobody: &[String] = &[];
    let empty: Vec<_> = names.iter().map(|name| (name.as_str(), nobody)).collect();
    let school = School::make_of(cluster, &empty).await?;
    let all = pupils(SCHOOL);
    let lists: Vec<(&str, &[String])> = names
        .iter()
        .map(String::as_str)
        .zip(all.chunks(SCHOOL.div_ceil(CLASSES)))
        .collect();
    let file = workbook(school.name.trim_start_matches("schools/"), &lists)?;
    let began = Instant::now();
    school.import(file).await?;
    Ok(began.elapsed().as_secs_f64() * 1000.0)
}

/// 5A to 1F, as many as a school has; a grade 5 class first, since it has every subject.
fn classes() -> Vec<String> {
    (1..=5)
        .rev()
        .flat_map(|grade| "ABCDEF".chars().map(move |letter| format!("{grade}{letter}")))
        .take(CLASSES)
        .collect()
}

/// Many clients seal sheets of other classes at once.
async fn together(cluster: &Cluster) -> anyhow::Result<(f64, f64)> {
    let names: Vec<String> = ('A'..='H').map(|letter| format!("5{letter}")).collect();
    let all = pupils(CLASS * names.len());
    let lists: Vec<(&str, &[String])> = names.iter().map(String::as_str).zip(all.chunks(CLASS)).collect();
    let school = School::make_of(cluster, &lists).await?;
    let mut sheets = Vec::new();
    for name in &names {
        let class = format!("{}/years/2025-2026/classes/{}", school.name, name.to_lowercase());
        school.assign(&class).await?;
        for item in ITEMS {
            sheets.push(format!("{class}/markSheets/{}-end2", item.to_lowercase()));
        }
    }
    let count = u32::try_from(sheets.len())?;
    let flushes = flushes(cluster).await?;
    let began = Instant::now();
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let mine: Vec<String> = sheets.iter().skip(client).step_by(CLIENTS).cloned().collect();
        let school = school.clone();
        clients.spawn(async move {
            for sheet in mine {
                let session = school.enter(&sheet).await?;
                school.finish(&session).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = clients.join_next().await {
        done??;
    }
    let seconds = began.elapsed().as_secs_f64();
    let flushed = self::flushes(cluster).await? - flushes;
    Ok((
        f64::from(count) / seconds,
        f64::from(count) / f64::from(u32::try_from(flushed)?),
    ))
}

/// How often PostgreSQL flushed its log since it started.
async fn flushes(cluster: &Cluster) -> anyhow::Result<i64> {
    let mut superuser = cluster.superuser(Node::Records).await?;
    let row = sqlx::raw_sql("select wal_sync from pg_stat_wal")
        .fetch_one(&mut superuser)
        .await;
    Ok(row.context("pg_stat_wal")?.try_get(0)?)
}
