use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, ValueEnum};
use service_runtime::{BoxError, ShutdownSignal};

use super::{
    brokers::Given,
    faults::{self, Kind},
    run::{self, Plan},
};
use taskmesh::data_folder::DataFolder;

/// Strike a mesh of many processes at random under load, and prove that nothing is lost, doubled or inverted.
///
/// The mesh is a new one: PostgreSQL, a broker, two task-services, two notification-services, a recurrence-service, two
/// realtime-services and a gateway before each, each in a process of its own. Live clients follow everything through the gateways.
/// What strikes it, when and whom follows from the seed. Ends with failure if a promise was broken.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How long the load lasts, in minutes.
    #[arg(long, default_value_t = 5, conflicts_with = "seconds")]
    minutes: u64,
    /// How long the load lasts, in seconds.
    #[arg(long)]
    seconds: Option<u64>,
    /// Repeat the faults of the run that has printed this seed.
    #[arg(long)]
    seed: Option<u64>,
    /// How many calls are made a second.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// How many seconds lie between the end of a fault and the beginning of the next one.
    #[arg(long, default_value_t = 15)]
    pause: u64,
    /// Strike in these ways only.
    #[arg(long = "fault", value_name = "KIND", value_enum)]
    faults: Vec<Kind>,
    /// Keep the data and the logs in this folder, which must be empty, instead of a temporary one.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// What the services log to their files: a level, or a filter such as `info,task_service=debug`.
    #[arg(long, default_value = "warn")]
    log: String,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    /// Fail too if after some fault the rate was not as before within ten seconds.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    given: Given,
}

/// Runs it and prints the report.
pub async fn run(arguments: Arguments) -> Result<ExitCode, BoxError> {
    let mut signals = ShutdownSignal::new()?;
    let seed = arguments.seed.unwrap_or_else(rand::random);
    eprintln!("seed {seed}: --seed {seed} repeats the faults");
    let temporary = tempfile::Builder::new()
        .prefix("taskmesh-chaos-")
        .tempdir()?;
    let folder = match &arguments.data_dir {
        Some(folder) => folder.as_path(),
        None => temporary.path(),
    };
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
        let length = Duration::from_secs(self.seconds.unwrap_or(self.minutes * 60));
        let pause = Duration::from_secs(self.pause);
        let given = self.given.is_given().then(|| {
            let prefix = format!("chaos-{}.", uuid::Uuid::new_v4().simple());
            self.given.clone().under(prefix)
        });
        let kinds = self.kinds(given.as_ref())?;
        Ok(Plan {
            seed,
            rate: self.rate,
            length,
            faults: faults::plan(seed, &kinds, length, pause),
            log: self.log.clone(),
            given,
        })
    }

    /// Returns the kinds of faults that were chosen, else all that are possible with these brokers.
    fn kinds(&self, given: Option<&Given>) -> Result<Vec<Kind>, BoxError> {
        let is_possible = |kind: &Kind| match (kind, given) {
            (Kind::KillBroker, Some(given)) => given.can_kill(),
            (Kind::FreezeBroker, Some(_)) => false,
            _ => true,
        };
        if let Some(kind) = self.faults.iter().find(|kind| !is_possible(kind)) {
            return Err(format!(
                "--fault {kind} is not possible with these brokers: give --broker-kill-command and --broker-start-command, or none of \
                 yours"
            )
            .into());
        }
        if !self.faults.is_empty() {
            return Ok(self.faults.clone());
        }
        Ok(Kind::value_variants()
            .iter()
            .copied()
            .filter(is_possible)
            .collect())
    }
}
