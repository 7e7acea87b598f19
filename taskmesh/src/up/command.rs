use std::{process::ExitCode, time::Duration};

use service_runtime::{
    BoxError, ShutdownSignal,
    ids::UserId,
    telemetry::{LogConfig, LogFormat, logging, metrics},
};
use tokio_util::sync::CancellationToken;

use super::{
    addresses::Addresses,
    arguments::Arguments,
    mesh::{Mesh, Servers, embedded},
    ports::Ports,
    welcome,
};
use crate::{data_folder::DataFolder, embedded::cluster::Cluster, token};

const DEMO_USER: &str = "alice";
const DEMO_TTL: Duration = Duration::from_secs(30 * 24 * 3600);

/// Runs the mesh until it is told to stop or a part of it fails.
pub async fn run(arguments: Arguments) -> Result<ExitCode, BoxError> {
    logging::init(&LogConfig {
        format: LogFormat::Text,
        level: filter(&arguments.log),
    })?;
    metrics::init()?;
    let mut signals = ShutdownSignal::new()?;
    let folder = DataFolder::open(&arguments.location.data_dir)?;
    let (postgres, broker) = embedded(&arguments);
    if postgres {
        // After a kill of this process its server may still be on its way out, and hold its port.
        Cluster::stop_leftover_in(folder.path()).await?;
    }
    let (ports, _claims) = arguments.ports.clone().check(postgres, broker)?;

    eprintln!("starting Taskmesh in {}", folder.path().display());
    let mut mesh = Mesh::default();
    let result = tokio::select! {
        result = run_until_failure(&mut mesh, &arguments, &ports, &folder) => result,
        () = signals.next() => Ok(()),
    };
    eprintln!(
        "stopping Taskmesh{}",
        if result.is_ok() {
            "; press Ctrl-C again to stop at once"
        } else {
            ""
        }
    );
    stop(mesh, &mut signals).await;
    result.map(|()| ExitCode::SUCCESS)
}

/// Starts the mesh, says where everything is, and then only ever fails.
async fn run_until_failure(
    mesh: &mut Mesh,
    arguments: &Arguments,
    ports: &Ports,
    folder: &DataFolder,
) -> Result<(), BoxError> {
    let Servers {
        kafka,
        database_url,
    } = mesh.start(arguments, ports, folder).await?;
    let user: UserId = DEMO_USER.parse()?;
    let token = token::mint(arguments.secret.read(folder.path())?, &user, &[], DEMO_TTL)?;
    let addresses = Addresses::new(ports, kafka, database_url, DEMO_USER, token);
    if let Some(path) = &arguments.addresses_file {
        addresses.write(path)?;
    }
    println!("{}", welcome::text(&addresses, folder.path()));
    Err(mesh.failed().await)
}

async fn stop(mesh: Mesh, signals: &mut ShutdownSignal) {
    let hurry = CancellationToken::new();
    let stopping = mesh.stop(&hurry);
    tokio::pin!(stopping);
    tokio::select! {
        () = &mut stopping => {}
        () = signals.next() => {
            hurry.cancel();
            stopping.await;
        }
    }
}

/// Returns a log filter that quiets libraries, unless the given filter names them: librdkafka warns about settings that are
/// intended, and the services report its faults themselves; the broker's storage reports its housekeeping.
fn filter(log: &str) -> String {
    format!("librdkafka=error,fjall=warn,lsm_tree=warn,{log}")
}
