use clap::Args;
use service_runtime::BoxError;

use super::{append, backlog::Backlog, history, stage::Stage, tampering, verification};
use crate::bench::old::report::Page;

/// What is measured of the audit-service.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How many events of tasks wait on the topic when the service starts.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    pub records: u32,
    /// How often all records are verified; the median counts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,
    /// How often the history of a task is asked for.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub calls: u32,
    /// How many tamperings are tried, each with a seed of its own.
    #[arg(long, default_value_t = 10_000)]
    pub tamperings: u64,
}

/// Measures one part after the other, each on the records of the first.
pub async fn measure(arguments: &Arguments) -> Result<Page, BoxError> {
    let mut stage = Stage::open().await?;
    let measured = parts(&mut stage, arguments).await;
    stage.close().await?;
    measured
}

async fn parts(stage: &mut Stage, arguments: &Arguments) -> Result<Page, BoxError> {
    let mut page = Page::new(stage.version().await?);
    let backlog = Backlog::new(arguments.records);
    backlog.publish(stage).await?;
    append::measure(stage, &backlog, &mut page).await?;
    let exported = verification::measure(stage, arguments.rounds, &mut page).await?;
    history::measure(stage, &backlog, arguments.calls, &mut page).await?;
    tampering::measure(exported, arguments.tamperings, &mut page).await?;
    Ok(page)
}
