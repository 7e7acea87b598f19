use clap::{Args, ValueEnum};
use service_runtime::BoxError;

use super::{backlog, latency, outage, service::SCHEMA};
use crate::bench::{load::Bounds, report::Report, servers::Servers};

/// Options of the benchmark.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    bounds: Bounds,
    /// Number of events per second.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Number of events in the outbox when the relay starts.
    #[arg(long, default_value_t = 1_000_000)]
    backlog: u32,
    /// Seconds without the broker.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    outage_seconds: u64,
    /// Measure only these parts.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Latency from a commit to its effect in a consumer.
    Latency,
    /// Writes during an outage of the broker, and the recovery after it.
    Outage,
    /// Throughput of the relay.
    Backlog,
}

/// Measures one part after the other.
pub async fn measure(arguments: &Arguments) -> Result<Report, BoxError> {
    let mut servers = Servers::start(SCHEMA).await?;
    let measured = parts(&mut servers, arguments).await;
    servers.end(SCHEMA).await?;
    measured
}

async fn parts(servers: &mut Servers, arguments: &Arguments) -> Result<Report, BoxError> {
    let mut report = Report::new(&servers.client).await?;
    let wanted = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    let (rate, bounds) = (arguments.rate, arguments.bounds);
    if wanted(Part::Latency) {
        latency::measure(servers, rate, bounds, &mut report).await?;
    }
    if wanted(Part::Outage) {
        let bounds = Bounds {
            seconds: arguments.outage_seconds,
            ..bounds
        };
        outage::measure(servers, rate, bounds, &mut report).await?;
    }
    if wanted(Part::Backlog) {
        backlog::measure(servers, arguments.backlog, &mut report).await?;
    }
    Ok(report)
}
