//! `hocba-dev`: keeps a development cluster, and gives test runs databases of their own.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use hocba_cluster::{Node, launcher, traces};

/// Development cluster of hocba under `.run/`.
#[derive(Debug, Parser)]
#[command(name = "hocba-dev", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Starts everything that does not run; writes `.run/cluster.json`.
    Up {
        /// Forget all data first.
        #[arg(long)]
        fresh: bool,
        /// Only these, without the demo school: identity, gateway and so on.
        #[arg(long, value_delimiter = ',', value_parser = node)]
        only: Vec<Node>,
    },
    /// Stops everything.
    Down,
    /// Shows what runs and serves.
    Status,
    /// Follows logs.
    Logs {
        /// One service; all of them when left out.
        service: Option<String>,
    },
    /// Runs a command with a private PostgreSQL and Redis: `HOCBA_TEST_POSTGRES` and `HOCBA_TEST_REDIS`.
    WithDatabases {
        /// The command and its arguments, after `--`.
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
    /// Shows a received trace as a tree.
    Trace {
        /// The trace id, hex; or the name of a method, whose newest trace that reached the log is shown.
        trace: String,
        /// Writes it into a file.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Receives spans into a file (used by `up`).
    #[command(hide = true)]
    ReceiveTraces {
        /// Where to listen.
        address: SocketAddr,
        /// The file.
        file: PathBuf,
    },
}

fn node(name: &str) -> Result<Node, String> {
    Node::parse(name).ok_or_else(|| format!("no service «{name}»"))
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("hocba-dev: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Up { fresh, only } => launcher::up(fresh, &only).await?,
        Command::Down => launcher::down().await?,
        Command::Status => {
            if !launcher::status().await? {
                return Ok(ExitCode::from(2));
            }
        }
        Command::Logs { service } => launcher::logs(service.as_deref())?,
        Command::WithDatabases { command } => {
            let code = launcher::with_databases(&command).await?;
            return Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)));
        }
        Command::Trace { trace, out } => {
            let spans = traces::read(&launcher::home().join("spans.jsonl"))?;
            let tree = traces::tree(&traces::find(spans, &trace)?);
            match out {
                Some(out) => std::fs::write(out, tree)?,
                None => eprint!("{tree}"),
            }
        }
        Command::ReceiveTraces { address, file } => traces::Traces::in_file(file).serve(address).await?,
    }
    Ok(ExitCode::SUCCESS)
}
