use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, ValueEnum};
use service_runtime::{BoxError, ShutdownSignal};
use taskmesh::data_folder::DataFolder;

use super::{
    brokers::External,
    fault::{self, Kind},
    run::{self, Plan},
};

/// Inject random faults into a mesh under load, and check that nothing is lost, doubled or out of order.
///
/// The mesh is a new one: PostgreSQL, a broker, a recurrence-service, and two instances each of the task-, notification-, realtime-
/// and audit-service and of the gateway, each a process of its own. Live clients follow all changes through the gateways. The seed
/// determines the kinds, times and targets of the faults. The command fails if a promise was broken.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Duration of the load in minutes.
    #[arg(long, default_value_t = 5, conflicts_with = "seconds")]
    minutes: u64,
    /// Duration of the load in seconds.
    #[arg(long)]
    seconds: Option<u64>,
    /// Repeat the faults of the run that printed this seed.
    #[arg(long)]
    seed: Option<u64>,
    /// Number of calls per second.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Seconds from the end of a fault to the start of the next.
    #[arg(long, default_value_t = 15)]
    pause: u64,
    /// Inject only faults of this kind; may be repeated.
    #[arg(long = "fault", value_name = "KIND", value_enum)]
    faults: Vec<Kind>,
    /// Keep the data and the logs in this folder, which must be empty, instead of a temporary one.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Log filter of the services: a level, or a filter such as `info,task_service=debug`.
    #[arg(long, default_value = "warn")]
    log: String,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    /// Fail also if the usual rate was not reached within ten seconds after a fault.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    external: External,
}

/// Runs the command and prints the report.
pub async fn run(arguments: Arguments) -> Result<ExitCode, BoxError> {
    let mut signals = ShutdownSignal::new()?;
    let seed = arguments.seed.unwrap_or_else(rand::random);
    eprintln!("seed {seed}: --seed {seed} repeats the faults");
    let temporary = tempfile::Builder::new()
        .prefix("taskmesh-chaos-")
        .tempdir()?;
    let folder = arguments.data_dir.as_deref().unwrap_or(temporary.path());
    let folder = DataFolder::open(folder)?;
    if folder.path().join("postgres").exists() {
        let path = folder.path().display();
        return Err(
            format!("{path} has the data of a mesh; give an empty folder with --data-dir").into(),
        );
    }
    let plan = arguments.plan(seed)?;
    let report = tokio::select! {
        report = run::run(&plan, folder.path()) => report?,
        () = signals.next() => return Ok(ExitCode::FAILURE),
    };
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{report}");
    }
    if !report.is_clean() && arguments.data_dir.is_none() {
        let kept = temporary.keep();
        eprintln!("the data and the logs stay in {}", kept.display());
    }
    let is_good = report.is_clean() && (report.is_quick() || !arguments.strict);
    Ok(if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Arguments {
    fn plan(&self, seed: u64) -> Result<Plan, BoxError> {
        let external = &self.external;
        if let Some(kind) = self.faults.iter().find(|kind| !external.allows(**kind)) {
            return Err(format!(
                "--fault {kind} is not possible with these brokers; give --broker-kill-command and --broker-start-command, or no \
                 --kafka-bootstrap-servers"
            )
            .into());
        }
        let mut kinds = self.faults.clone();
        if kinds.is_empty() {
            kinds = Kind::value_variants().to_vec();
            kinds.retain(|kind| external.allows(*kind));
        }
        let length = Duration::from_secs(self.seconds.unwrap_or(self.minutes * 60));
        let pause = Duration::from_secs(self.pause);
        Ok(Plan {
            seed,
            rate: self.rate,
            length,
            faults: fault::schedule(seed, &kinds, length, pause),
            log: self.log.clone(),
            external: external.clone(),
        })
    }
}
