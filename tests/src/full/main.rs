//! `hocba-full`: the year of a whole school, `tests/data/school-a`: every sheet of all four periods entered and sealed
//! through the gateway by its own teacher, all teachers at once, and every year's result recomputed from what was
//! entered by code that shares nothing with the services. Run by hand in a release build: `make full`.

mod judge;
mod school;
mod teacher;
mod values;

use std::{collections::BTreeMap, fs, process::ExitCode, time::Instant};

use anyhow::ensure;
use hocba_cluster::{
    Cluster, Node, Options,
    dice::Dice,
    figures::{self, Spread},
    files,
};
use serde::Serialize;

/// Everything measured and compared.
#[derive(Debug, Serialize)]
struct Report {
    teachers: usize,
    sheets: usize,
    pupils: usize,
    /// Levels and scores sealed.
    marks: usize,
    entering_seconds: f64,
    marks_per_second: f64,
    sheets_per_second: f64,
    /// Milliseconds, by method, with all teachers at work.
    latency: BTreeMap<&'static str, Spread>,
    confirming_seconds: f64,
    /// How many pupils have which result.
    results: BTreeMap<String, usize>,
    idle_mebibytes: BTreeMap<String, f64>,
    after_mebibytes: BTreeMap<String, f64>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hocba-full: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let dice = Dice::from_environment()?;
    eprintln!("booting …");
    let mut options = Options::default();
    // All teachers come from one address here; the limit per client would be all that is measured.
    for limit in ["HOCBA_EDGE_CLIENT_RATE", "HOCBA_EDGE_CLIENT_BURST"] {
        options
            .settings
            .insert((Node::Gateway, limit.to_owned()), "1000000".to_owned());
    }
    let cluster = Cluster::boot(options).await?;
    let idle_mebibytes = figures::resident(&cluster)?;
    eprintln!("loading the school …");
    let file = cluster.demo_school()?;
    let school = school::School::read(&cluster, &file).await?;
    eprintln!(
        "entering {} sheets by {} teachers …",
        school.sheet_count(),
        school.teachers.len()
    );
    let began = Instant::now();
    let mut work = tokio::task::JoinSet::new();
    for teacher in &school.teachers {
        work.spawn(teacher.clone().enter(cluster.channel(), dice.clone()));
    }
    let mut entered = teacher::Work::default();
    while let Some(done) = work.join_next().await {
        entered.add(done??);
    }
    let entering = began.elapsed().as_secs_f64();

    eprintln!("confirming {} classes …", school.classes.len());
    let began = Instant::now();
    let confirmed = school.confirm(&cluster).await?;
    let confirming_seconds = began.elapsed().as_secs_f64();
    let judged = judge::judge(&school.classes, &entered.cells)?;
    let wrong: Vec<_> = judged
        .iter()
        .filter(|(pupil, result)| confirmed.get(*pupil).map(String::as_str) != Some(**result))
        .map(|(pupil, result)| {
            format!(
                "{pupil}: {result} by hand, {:?} by the service",
                confirmed.get(pupil)
            )
        })
        .collect();
    ensure!(
        wrong.is_empty(),
        "{} results differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    ensure!(
        judged.len() == confirmed.len(),
        "{} pupils judged, {} confirmed",
        judged.len(),
        confirmed.len()
    );
    let mut results = BTreeMap::new();
    for result in judged.values() {
        *results.entry((*result).to_owned()).or_default() += 1;
    }
    let count = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let report = Report {
        teachers: school.teachers.len(),
        sheets: entered.sheets,
        pupils: judged.len(),
        marks: entered.marks,
        entering_seconds: entering,
        marks_per_second: count(entered.marks) / entering,
        sheets_per_second: count(entered.sheets) / entering,
        latency: entered.latency(),
        confirming_seconds,
        results,
        idle_mebibytes,
        after_mebibytes: figures::resident(&cluster)?,
    };
    let folder = files::repository().join(".run");
    fs::create_dir_all(&folder)?;
    let file = folder.join("full.json");
    let text = serde_json::to_string_pretty(&report)?;
    fs::write(&file, &text)?;
    eprintln!(
        "{text}\nevery year's result is as recomputed; as JSON: {}",
        file.display()
    );
    Ok(())
}
