use std::process::ExitCode;

use clap::{Args, Subcommand};
use service_runtime::BoxError;

use super::{flows, mesh::Connection};

/// Measure a running mesh.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure how fast things follow from each other: event after commit, next occurrence after completion, reminder after
    /// its time.
    Flows {
        #[command(flatten)]
        connection: Connection,
        #[command(flatten)]
        sizes: flows::Sizes,
        /// Print the figures as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs a benchmark and prints its figures.
pub async fn run(arguments: Arguments) -> Result<ExitCode, BoxError> {
    let Command::Flows {
        connection,
        sizes,
        json,
    } = arguments.command;
    let mesh = connection.open()?;
    let measured = flows::measure(&mesh, sizes).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&measured)?);
    } else {
        println!(
            "{:<52} {:>6} {:>9} {:>9} {:>9} {:>9}",
            "milliseconds", "count", "p50", "p95", "p99", "max"
        );
        for figures in &measured {
            println!("{figures}");
        }
    }
    Ok(ExitCode::SUCCESS)
}
