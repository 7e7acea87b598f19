use std::process::ExitCode;

use clap::{Args, Subcommand};
use service_runtime::BoxError;

use super::{api, flows, old, search};

/// Measure Taskmesh, and compare the figures with the goals.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    benchmark: Benchmark,
    /// Print the figures as JSON.
    #[arg(long, global = true)]
    json: bool,
    /// Fail if a goal is missed.
    #[arg(long, global = true)]
    strict: bool,
}

#[derive(Debug, Subcommand)]
enum Benchmark {
    /// Measure reading, creating and listing tasks, compared with the database alone and with calls through the gateway. Creates a data set
    /// first, unless it exists.
    Api(Box<api::Arguments>),
    /// Measure searches of every kind. Creates a data set first, unless it exists.
    Search(Box<search::Arguments>),
    /// Measure the delays from a commit to its event, from a completion to the next occurrence, and from a reminder's time to its delivery.
    Flows(flows::Arguments),
    #[command(flatten)]
    Old(old::Command),
}

/// Runs a benchmark and prints its report.
pub async fn run(arguments: Arguments) -> Result<ExitCode, BoxError> {
    let report = match arguments.benchmark {
        Benchmark::Api(api) => api::measure(&api).await?,
        Benchmark::Search(search) => search::measure(&search).await?,
        Benchmark::Flows(flows) => flows::measure(&flows).await?,
        Benchmark::Old(command) => {
            return old::run(command, arguments.json, arguments.strict).await;
        }
    };
    report.print(arguments.json, arguments.strict)
}
