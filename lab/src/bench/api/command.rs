use clap::{Args, ValueEnum};
use service_runtime::BoxError;

use super::{create, list, read};
use crate::bench::{
    data::{self, Sizes, Vocabulary},
    load::Bounds,
    mesh,
    report::Report,
};

/// Options of the benchmark.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    mesh: mesh::Connection,
    #[command(flatten)]
    sizes: Sizes,
    #[command(flatten)]
    bounds: Bounds,
    /// Number of measured calls of each kind, one by one.
    #[arg(long, default_value_t = 300)]
    calls: usize,
    /// Number of reads in flight in the closed loop.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// Number of creations in flight, in the service and in pgbench.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    create_concurrency: u16,
    /// Number of batches of 500 tasks.
    #[arg(long, default_value_t = 20)]
    batches: usize,
    /// Measure only these parts.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// GetTask under load.
    Get,
    /// GetTask through the gateway, compared with direct calls.
    Gateway,
    /// ListTasks with filters and orders, and far pages.
    List,
    /// CreateTask under load, compared with pgbench.
    Create,
    /// BatchCreateTasks.
    Batch,
}

/// Measures the parts, the reads first because writes leave work for the rest of the mesh.
pub async fn measure(arguments: &Arguments) -> Result<Report, BoxError> {
    let mesh = arguments.mesh.open().await?;
    let vocabulary = Vocabulary::new(arguments.sizes.seed);
    let users = data::open(&mesh, &arguments.sizes, &vocabulary).await?;
    let largest = users.last().ok_or("no user is measured")?;
    let mut report = Report::new(&mesh.database).await?;
    let wanted = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    let (bounds, calls) = (arguments.bounds, arguments.calls);
    mesh.wait_until_quiet().await?;
    if wanted(Part::Get) {
        let callers = arguments.concurrency.into();
        read::get(&mesh, largest, callers, bounds, &mut report).await?;
    }
    if wanted(Part::Gateway) {
        read::through_gateway(&mesh, largest, calls, &mut report).await?;
    }
    if wanted(Part::List) {
        for user in &users {
            list::filters(&mesh, user, calls, &mut report).await?;
        }
        list::far_pages(largest, calls, &mut report).await?;
    }
    if wanted(Part::Batch) {
        create::batches(&mesh, &vocabulary, arguments.batches, &mut report).await?;
    }
    if wanted(Part::Create) {
        let callers = arguments.create_concurrency.into();
        create::rates(&mesh, vocabulary, callers, bounds, &mut report).await?;
    }
    Ok(report)
}
