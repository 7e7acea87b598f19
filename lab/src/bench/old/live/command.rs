use std::time::Duration;

use clap::{Args, ValueEnum};
use service_runtime::BoxError;
use url::Url;

use super::{idle, latency, reconnects};
use crate::{
    bench::old::{
        database::{Database, DatabaseLocation},
        effort::at_least_one,
        mesh::Connection,
        report::Page,
    },
    live_client::LiveClient,
};

/// What is measured of the live feed.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    pub connection: Connection,
    #[command(flatten)]
    database: DatabaseLocation,
    /// The gateway.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    gateway_url: Url,
    /// How many clients watch while changes are made.
    #[arg(long, default_value_t = 1_000, value_parser = at_least_one)]
    pub clients: usize,
    /// How many of them are one user's.
    #[arg(long, default_value_t = 1, value_parser = at_least_one)]
    pub clients_per_user: usize,
    /// How many changes are made a second.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate: u32,
    /// How many seconds changes are made.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// How many seconds they are made before their way is measured.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(0..=600))]
    warm_up: u64,
    /// How many clients watch where nothing changes.
    #[arg(long, default_value_t = 10_000, value_parser = at_least_one)]
    pub idle: usize,
    /// How many seconds they do: at least until each has had a sign of life.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    idle_seconds: u64,
    /// The processes whose memory is measured; the one that works in the data folder unless given.
    #[arg(long, value_delimiter = ',')]
    pub process: Vec<u32>,
    /// How often clients are cut off and come back while changes are made.
    #[arg(long, default_value_t = 1_000, value_parser = at_least_one)]
    pub reconnects: usize,
    /// Measure only these.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// From a write to the message at a client.
    Latency,
    /// The memory of clients that nothing is told.
    Idle,
    /// What clients miss that are cut off and come back.
    Reconnects,
}

/// A mesh with its feed.
pub struct Subject<'a> {
    pub connection: &'a Connection,
    pub database: Database,
    pub door: LiveClient,
}

impl Arguments {
    /// Returns how long changes are made.
    pub fn measured(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// Returns how long they are made before.
    pub fn warm_up(&self) -> Duration {
        Duration::from_secs(self.warm_up)
    }

    /// Returns how long clients watch where nothing changes.
    pub fn idle_time(&self) -> Duration {
        Duration::from_secs(self.idle_seconds)
    }
}

/// Measures one part after the other.
pub async fn measure(arguments: &Arguments) -> Result<Page, BoxError> {
    let connection = &arguments.connection;
    let subject = Subject {
        database: arguments.database.connect(connection.data_dir()).await?,
        door: LiveClient::new(&arguments.gateway_url)?,
        connection,
    };
    let mut page = Page::new(subject.database.version().await?);
    let wanted = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    // Before the others have left anything behind in memory.
    if wanted(Part::Idle) {
        idle::measure(&subject, arguments, &mut page).await?;
    }
    if wanted(Part::Latency) {
        latency::measure(&subject, arguments, &mut page).await?;
    }
    if wanted(Part::Reconnects) {
        reconnects::measure(&subject, arguments, &mut page).await?;
    }
    Ok(page)
}
