//! `taskmesh broker`: the embedded broker alone, for services that run as processes of their own, and to rehearse its absence.

use std::process::ExitCode;

use clap::Args;
use embedded_broker::Broker;
use service_runtime::{BoxError, ShutdownSignal};

use crate::data_folder::DataFolder;

/// Run the embedded broker alone, until Ctrl-C.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Data folder of the broker; no mesh may use it at the same time.
    #[arg(long, default_value = ".taskmesh-broker")]
    data_dir: std::path::PathBuf,
    /// Loopback port; 0 selects a free one.
    #[arg(long, default_value_t = 9092)]
    port: u16,
}

/// Prints the address once the broker answers there, and runs it until the process is told to stop.
pub async fn run(arguments: Arguments) -> Result<ExitCode, BoxError> {
    let mut signals = ShutdownSignal::new()?;
    let folder = DataFolder::open(&arguments.data_dir)?;
    let mut broker = Broker::start(folder.path(), arguments.port).await?;
    println!("{}", broker.address());
    tokio::select! {
        error = broker.failed() => return Err(error.into()),
        () = signals.next() => {}
    }
    broker.stop().await;
    Ok(ExitCode::SUCCESS)
}
