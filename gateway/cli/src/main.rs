//! The `hocbactl` program.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use hocba_evidence::Verdict;
use hocbactl::{
    cluster_file::ClusterFile,
    connection, demo, status, tasks,
    verify::{Trust, verify},
};

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
    /// What waits for a person, merged from all services.
    Tasks {
        /// Whose: the key of a login in the cluster file, such as `principal` or `teacher-29`.
        #[arg(long = "as", default_value = "principal")]
        login: String,
        /// The cluster file.
        #[arg(long, default_value = ".run/cluster.json")]
        cluster: PathBuf,
    },
    /// Verifies a package (its folder) or a document (its XML file), without any service. Ends with status 0 when
    /// it is valid, 1 when it is not, 3 when something could not be checked.
    Verify {
        /// The folder or file.
        path: PathBuf,
        /// A PEM file with the authorities you trust. Default: those of the cluster file.
        #[arg(long)]
        anchors: Option<PathBuf>,
        /// The public key of the school's log, hex. Default: that of the cluster file.
        #[arg(long)]
        log_key: Option<String>,
        /// The cluster file.
        #[arg(long, default_value = ".run/cluster.json")]
        cluster: PathBuf,
        /// Also shows what holds.
        #[arg(long, short)]
        verbose: bool,
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
        Command::Tasks { login, cluster } => {
            let file = ClusterFile::read(&cluster)?;
            let channel = connection::connect(&file.gateway, file.ca_file.as_ref()).await?;
            for task in tasks::ask(&channel, file.login(&login)?).await? {
                eprintln!("{}", task.line());
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Verify {
            path,
            anchors,
            log_key,
            cluster,
            verbose,
        } => {
            let trust = match anchors {
                Some(anchors) => Trust::read(&anchors, log_key.as_deref())?,
                None => {
                    let file = ClusterFile::read(&cluster)?;
                    Trust::read(
                        file.trust_anchors.as_ref(),
                        Some(&log_key.unwrap_or(file.log_key)),
                    )?
                }
            };
            let report = verify(&path, &trust)?;
            for line in report.lines(verbose) {
                eprintln!("{line}");
            }
            Ok(match report.verdict {
                Verdict::Valid => ExitCode::SUCCESS,
                Verdict::Invalid => ExitCode::FAILURE,
                Verdict::Unchecked => ExitCode::from(3),
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
