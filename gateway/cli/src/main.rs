//! The `hocbactl` program.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use hocbactl::{cluster_file::ClusterFile, demo, status};

/// The command line of hocba: học bạ số.
#[derive(Debug, Parser)]
#[command(name = "hocbactl", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// How a gateway sees the services behind it.
    Status {
        /// The cluster file.
        #[arg(long, default_value = ".run/cluster.json")]
        cluster: PathBuf,
    },
    /// The demo school.
    Demo {
        /// The cluster file.
        #[arg(long, default_value = ".run/cluster.json", global = true)]
        cluster: PathBuf,
        #[command(subcommand)]
        part: DemoPart,
    },
}

#[derive(Debug, Subcommand)]
enum DemoPart {
    /// Makes authority, school, people and the school year, and writes the logins into the cluster file.
    Load {
        /// The folder with the school office's spreadsheets.
        #[arg(long, default_value = "tests/data/school-a")]
        data: PathBuf,
    },
    /// Plays one school year of class 5A and leaves its documents.
    Play {
        /// Where the documents go.
        #[arg(long, default_value = ".run/demo")]
        out: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("hocbactl: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::Status { cluster } => {
            let file = ClusterFile::read(&cluster)?;
            let health =
                tokio::task::spawn_blocking(move || status::ask(&file.gateway, file.ca_file.as_ref()))
                    .await??;
            for (service, state) in &health.services {
                eprintln!("{service:<10} {state}");
            }
            eprintln!("{:<10} {}", "gateway", health.status);
            Ok(if health.status == "serving" {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(2)
            })
        }
        Command::Demo { cluster, part } => {
            match part {
                DemoPart::Load { data } => demo::load(&cluster, &data).await?,
                DemoPart::Play { out } => demo::play(&cluster, &out).await?,
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}
