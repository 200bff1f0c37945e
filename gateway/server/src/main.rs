//! The `hocba-gateway` program: `serve` (or nothing) serves, `variables` lists what is configurable.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use hocba_chassis::telemetry;
use hocba_gateway::{app, config::Config};
use tokio::signal::unix::{SignalKind, signal};

/// The one way in from outside.
#[derive(Debug, Parser)]
#[command(name = "hocba-gateway", version, about)]
struct Arguments {
    #[command(flatten)]
    config: Config,
}

/// Exit status for bad configuration (sysexits `EX_USAGE`).
const BAD_CONFIGURATION: u8 = 64;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    match arguments.get(1).and_then(|argument| argument.to_str()) {
        Some("variables") => {
            print_variables();
            return ExitCode::SUCCESS;
        }
        Some("serve") => drop(arguments.remove(1)),
        Some(_) | None => {}
    }
    let config = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments.config,
        Err(error) => {
            eprint!("{error}");
            let asked = error.exit_code() == 0;
            return if asked {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(BAD_CONFIGURATION)
            };
        }
    };
    match run(&config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hocba-gateway: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: &Config) -> anyhow::Result<()> {
    let telemetry = telemetry::start("gateway", &config.log, config.otlp_endpoint.as_deref())?;
    let running = app::start(config).await?;
    tracing::info!(address = %running.address, "serving");
    eprintln!("hocba-gateway serves on {}", running.address);
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

/// One JSON object a line, as every service prints them.
#[expect(clippy::print_stdout, reason = "the output of the subcommand")]
fn print_variables() {
    for argument in Arguments::command().get_arguments() {
        if let Some(name) = argument.get_env() {
            println!(
                "{}",
                serde_json::json!({ "name": name.to_string_lossy(), "required": argument.is_required_set() })
            );
        }
    }
}
