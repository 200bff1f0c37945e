//! `hocba-bench`: what this machine can do first, then what we make of it, as ratios. Ratios travel from
//! machine to machine; figures do not. Release builds only: `make bench`.

mod calibration;
mod stack;

use std::{fs, process::ExitCode};

use hocba_cluster::{Cluster, Node, Options, figures::Spread, files};
use serde::Serialize;

/// Everything measured.
#[derive(Debug, Serialize)]
struct Report {
    calibration: calibration::Calibration,
    stack: stack::Figures,
    ratios: Ratios,
}

/// Our figures over the machine's.
#[derive(Debug, Serialize)]
struct Ratios {
    /// Calls a second through the full stack, over a bare tonic server's.
    no_op_over_bare_echo: f64,
    /// Time to open and read a sheet of 35, over the time of one commit; the median, and 19 of 20.
    open_over_commit: [f64; 2],
    /// Time to save 35 drafts.
    save_over_commit: [f64; 2],
    /// Time to finish (seal) the sheet.
    finish_over_commit: [f64; 2],
    /// All of it.
    sheet_over_commit: [f64; 2],
    /// The import of 996 pupils.
    import_over_commit: f64,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hocba-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    eprintln!("booting …");
    let mut options = Options::default();
    // One client makes all the load here; the limit per client would be all that is measured.
    for limit in ["HOCBA_EDGE_CLIENT_RATE", "HOCBA_EDGE_CLIENT_BURST"] {
        options
            .settings
            .insert((Node::Gateway, limit.to_owned()), "1000000".to_owned());
    }
    let cluster = Cluster::boot(options).await?;
    eprintln!("calibrating …");
    let calibration = calibration::measure(&cluster).await?;
    eprintln!("measuring …");
    let stack = stack::measure(&cluster).await?;
    let commit_millis = 1000.0 / calibration.commits_per_second_1_client;
    let over = |spread: &Spread| [spread.p50 / commit_millis, spread.p95 / commit_millis];
    let report = Report {
        ratios: Ratios {
            no_op_over_bare_echo: stack.no_op_calls_per_second / calibration.bare_echo_calls_per_second,
            open_over_commit: over(&stack.open_millis),
            save_over_commit: over(&stack.save_millis),
            finish_over_commit: over(&stack.finish_millis),
            sheet_over_commit: over(&stack.sheet_millis),
            import_over_commit: stack.import_996_millis / commit_millis,
        },
        calibration,
        stack,
    };
    let folder = files::repository().join(".run");
    fs::create_dir_all(&folder)?;
    let file = folder.join("bench.json");
    fs::write(&file, serde_json::to_string_pretty(&report)?)?;
    table(&report)?;
    eprintln!("as JSON: {}", file.display());
    Ok(())
}

/// Every figure on a line of its own.
fn table(report: &Report) -> anyhow::Result<()> {
    let value = serde_json::to_value(report)?;
    for (part, figures) in value.as_object().into_iter().flatten() {
        eprintln!("\n{part}");
        for (name, figure) in figures.as_object().into_iter().flatten() {
            match figure.as_object() {
                Some(several) => {
                    for (of, figure) in several {
                        eprintln!(
                            "  {:<36} {:>12.1}",
                            format!("{name} {of}"),
                            figure.as_f64().unwrap_or_default()
                        );
                    }
                }
                None if figure.is_array() => eprintln!("  {name:<36} {figure:>12}"),
                None => eprintln!("  {name:<36} {:>12.2}", figure.as_f64().unwrap_or_default()),
            }
        }
    }
    Ok(())
}
