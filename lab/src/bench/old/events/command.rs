use std::time::Duration;

use clap::{Args, ValueEnum};
use service_runtime::BoxError;

use super::{backlog, latency, outage, poison, snapshot, stage::Stage, writers};
use crate::bench::old::report::Page;

/// What is measured of events.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How many events are written a second where their way is measured.
    #[arg(long, default_value_t = 500)]
    pub rate: u32,
    /// How many seconds each load is measured.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub seconds: u64,
    /// How many events lie in the outbox when the relay begins to work off a backlog.
    #[arg(long, default_value_t = 1_000_000)]
    pub backlog: u64,
    /// How many seconds another session holds a snapshot.
    #[arg(long, default_value_t = 600)]
    pub snapshot_seconds: u64,
    /// How many seconds the broker is away.
    #[arg(long, default_value_t = 60)]
    pub outage_seconds: u64,
    /// Stops the broker, for a broker that is not the embedded one: a command for the shell.
    #[arg(long, requires = "broker_start")]
    pub broker_stop: Option<String>,
    /// Starts it again.
    #[arg(long, requires = "broker_stop")]
    pub broker_start: Option<String>,
    /// Measure only these.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// From the commit to the effect in a consumer.
    Latency,
    /// What the relay costs those who write.
    Writers,
    /// What records that do not decode cost the others.
    Poison,
    /// How fast the relay works off a backlog.
    Backlog,
    /// What a session does that holds a snapshot for long.
    Snapshot,
    /// What it does that the broker is away.
    Outage,
}

impl Arguments {
    /// Returns how long each load is measured.
    pub fn measured(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

/// Measures one part after the other.
pub async fn measure(arguments: &Arguments) -> Result<Page, BoxError> {
    let mut stage = Stage::open(arguments).await?;
    let mut page = Page::new(stage.version().await?);
    let wanted = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    let measured = async {
        if wanted(Part::Latency) {
            latency::measure(&stage, arguments, &mut page).await?;
        }
        if wanted(Part::Poison) {
            poison::measure(&stage, arguments, &mut page).await?;
        }
        if wanted(Part::Outage) {
            outage::measure(&mut stage, arguments, &mut page).await?;
        }
        // Nobody consumes what these write, so they come last.
        if wanted(Part::Writers) {
            writers::measure(&stage, arguments, &mut page).await?;
        }
        if wanted(Part::Backlog) {
            backlog::measure(&stage, arguments.backlog, &mut page).await?;
        }
        if wanted(Part::Snapshot) {
            snapshot::measure(&stage, arguments, &mut page).await?;
        }
        Ok::<(), BoxError>(())
    };
    let measured = measured.await;
    stage.close().await?;
    measured?;
    Ok(page)
}
