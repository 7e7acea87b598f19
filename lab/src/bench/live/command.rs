use clap::{Args, ValueEnum};
use service_runtime::BoxError;

use super::{idle, latency};
use crate::{
    bench::{load::Bounds, mesh, report::Report},
    live_client::LiveClient,
};

/// Options of the benchmark.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    mesh: mesh::Connection,
    #[command(flatten)]
    bounds: Bounds,
    /// Number of clients during the changes.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..))]
    clients: u16,
    /// Number of clients of each user.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    clients_per_user: u16,
    /// Number of changes per second.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Number of idle clients.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u16).range(1..))]
    idle: u16,
    /// Seconds for which they are idle, at least one ping interval.
    #[arg(long, default_value_t = 30)]
    idle_seconds: u64,
    /// Processes whose memory is measured, by default the one that works in the data folder.
    #[arg(long, value_delimiter = ',')]
    process: Vec<u32>,
    /// Measure only these parts.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Latency from a write to the message at a client.
    Latency,
    /// Memory of idle clients.
    Idle,
}

/// Measures the parts, first the one that needs a mesh without garbage of the others in its memory.
pub async fn measure(arguments: &Arguments) -> Result<Report, BoxError> {
    let mesh = arguments.mesh.open().await?;
    let gateway = LiveClient::new(&arguments.mesh.gateway_url)?;
    let mut report = Report::new(&mesh.database).await?;
    let wanted = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    let (rate, bounds) = (arguments.rate, arguments.bounds);
    if wanted(Part::Idle) {
        let processes = match arguments.process.as_slice() {
            [] => vec![arguments.mesh.process()?],
            given => given.iter().map(u32::to_string).collect(),
        };
        let clients = arguments.idle.into();
        idle::measure(
            &mesh,
            &gateway,
            &processes,
            clients,
            arguments.idle_seconds,
            &mut report,
        )
        .await?;
    }
    if wanted(Part::Latency) {
        let per_user = arguments.clients_per_user.into();
        let users = arguments
            .clients
            .div_ceil(arguments.clients_per_user)
            .into();
        latency::measure(
            &mesh,
            &gateway,
            (users, per_user),
            rate,
            bounds,
            &mut report,
        )
        .await?;
    }
    Ok(report)
}
