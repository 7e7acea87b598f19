use std::process::ExitCode;

use clap::{Args, Subcommand};
use service_runtime::BoxError;

use super::{api, events, flows, live, search};

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
    /// Measure the latency of events and the throughput of the relay, and their recovery from an outage of the broker. Starts a database
    /// and a broker, unless DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS name others.
    Events(events::Arguments),
    /// Measure the latency of the live feed and the memory of idle clients.
    Live(Box<live::Arguments>),
    /// Measure searches of every kind. Creates a data set first, unless it exists.
    Search(Box<search::Arguments>),
    /// Measure the delays from a commit to its event, from a completion to the next occurrence, and from a reminder's time to its delivery.
    Flows(Box<flows::Arguments>),
}

/// Runs a benchmark and prints its report.
pub async fn run(arguments: Arguments) -> Result<ExitCode, BoxError> {
    let report = match arguments.benchmark {
        Benchmark::Api(api) => api::measure(&api).await?,
        Benchmark::Events(events) => events::measure(&events).await?,
        Benchmark::Live(live) => live::measure(&live).await?,
        Benchmark::Search(search) => search::measure(&search).await?,
        Benchmark::Flows(flows) => flows::measure(&flows).await?,
    };
    report.print(arguments.json, arguments.strict)
}
