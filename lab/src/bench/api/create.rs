use std::{
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use percent_encoding::percent_decode_str;
use rand::{Rng, SeedableRng, rngs::StdRng};
use service_runtime::{
    BoxError,
    clock::{Clock, timestamp},
};
use taskmesh::embedded::programs::Programs;
use taskmesh_proto::task::v1::{BatchCreateTasksRequest, CreateTaskRequest, Priority};
use tokio::process::Command;
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

use crate::bench::{
    data::{self, Draft, Vocabulary},
    load::{Bounds, Outcome, closed_loop, open_loop},
    mesh::Mesh,
    report::{Measure, Report, Row, step},
};

const BATCH_SIZE: usize = 500;
const GOAL_BATCH_MS: f64 = 150.0;
/// Number of measurements of the service and of pgbench, in turn.
const ROUNDS: u32 = 2;
const GOAL_PERCENT: f64 = 60.0;
const GOAL_P99_MS: f64 = 20.0;
const SCRIPT: &str = include_str!("create.sql");

/// Measures batches of tasks, each after the mesh has processed the events of the one before.
pub async fn batches(
    mesh: &Mesh<'_>,
    vocabulary: &Vocabulary,
    count: usize,
    report: &mut Report,
) -> Result<(), BoxError> {
    let caller = mesh.caller(&new_user())?;
    let name = format!("BatchCreateTasks of {BATCH_SIZE}");
    step(&name);
    let warm_up = count.div_ceil(10);
    let mut rng = StdRng::seed_from_u64(1);
    let mut outcome = Outcome::default();
    for number in 0..warm_up + count {
        let tasks = (0..BATCH_SIZE).map(|_| request(vocabulary, &mut rng));
        let request = caller.request(BatchCreateTasksRequest {
            tasks: tasks.collect(),
            ..BatchCreateTasksRequest::default()
        });
        let begin = Instant::now();
        let result = caller.tasks(number).batch_create_tasks(request).await;
        let elapsed = begin.elapsed();
        if number >= warm_up {
            outcome.add(elapsed, result.map(drop).map_err(BoxError::from));
        }
        mesh.wait_until_quiet().await?;
    }
    report.add(Row::latency(name, &outcome).at_most(Measure::P95, GOAL_BATCH_MS));
    remove(mesh, &caller.user).await
}

/// Measures CreateTask in a closed loop and pgbench with as many clients in turn; then CreateTask at half of the rate that it reached.
pub async fn rates(
    mesh: &Mesh<'_>,
    vocabulary: Vocabulary,
    callers: usize,
    bounds: Bounds,
    report: &mut Report,
) -> Result<(), BoxError> {
    let caller = mesh.caller(&new_user())?;
    let (vocabulary, seeds) = (Arc::new(vocabulary), Arc::new(AtomicU64::new(0)));
    let writer = caller.clone();
    let call = move |number: usize| {
        let mut rng = StdRng::seed_from_u64(seeds.fetch_add(1, Ordering::Relaxed));
        let (caller, request) = (writer.clone(), request(&vocabulary, &mut rng));
        async move {
            let request = caller.request(request);
            caller.tasks(number).create_task(request).await?;
            Ok(())
        }
    };
    // Afterwards most words are known.
    step("CreateTask, to warm up");
    closed_loop(callers, bounds, call.clone()).await;
    mesh.database
        .batch_execute("DROP TABLE IF EXISTS bench.outbox; CREATE TABLE bench.outbox (LIKE task.outbox INCLUDING ALL)")
        .await?;
    let (mut service, mut database) = (Outcome::default(), 0.0);
    for round in 1..=ROUNDS {
        mesh.wait_until_quiet().await?;
        step(format!(
            "CreateTask, {callers} at once, {round} of {ROUNDS}"
        ));
        service.append(&closed_loop(callers, bounds, call.clone()).await);
        mesh.wait_until_quiet().await?;
        step(format!("pgbench, {callers} at once, {round} of {ROUNDS}"));
        database +=
            pgbench(&mesh.database_url, &caller.user, callers, bounds).await? / f64::from(ROUNDS);
    }
    mesh.database
        .batch_execute("DROP TABLE bench.outbox")
        .await?;
    report.add(Row::load(
        format!("CreateTask, {callers} at once"),
        &service,
    ));
    report.add(Row::value(
        format!("pgbench with the same inserts, {callers} at once"),
        database,
        "/s",
    ));
    let percent = 100.0 * service.per_second() / database;
    report.add(
        Row::value("CreateTask against pgbench", percent, "%")
            .failing(service.failures)
            .at_least(Measure::Figure, GOAL_PERCENT),
    );
    mesh.wait_until_quiet().await?;
    let rate = (service.per_second() / 2.0).max(1.0);
    let name = format!("CreateTask, {rate:.0} per second");
    step(&name);
    let outcome = open_loop(rate, bounds, call).await?;
    report.add(Row::load(name, &outcome).at_most(Measure::P99, GOAL_P99_MS));
    mesh.wait_until_quiet().await?;
    remove(mesh, &caller.user).await
}

fn new_user() -> String {
    format!("bench-writer-{}", Uuid::new_v4())
}

fn request(vocabulary: &Vocabulary, rng: &mut StdRng) -> CreateTaskRequest {
    let Draft { title, description } = vocabulary.draft(rng);
    let due = chrono::TimeDelta::minutes(rng.random_range(-60 * 24 * 60..60 * 24 * 60));
    CreateTaskRequest {
        title,
        description,
        priority: Priority::Medium.into(),
        due_time: rng
            .random_bool(0.6)
            .then(|| timestamp(Clock::system().now() + due)),
        ..CreateTaskRequest::default()
    }
}

async fn remove(mesh: &Mesh<'_>, user: &str) -> Result<(), BoxError> {
    step("removes the created tasks");
    data::remove_users(&mesh.database, user).await?;
    data::vacuum(&mesh.database).await
}

/// Runs pgbench; returns the transactions per second.
async fn pgbench(url: &Url, user: &str, clients: usize, bounds: Bounds) -> Result<f64, BoxError> {
    let script = tempfile::NamedTempFile::new()?;
    std::fs::write(script.path(), SCRIPT)?;
    let first_id = Clock::system().now().timestamp_millis() << 12;
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let output = Command::new(pgbench_program()?)
        .args(["--no-vacuum", "--protocol=prepared", "--define=n=0"])
        .arg(format!("--client={clients}"))
        .arg(format!("--jobs={}", clients.min(2)))
        .arg(format!("--time={}", bounds.seconds))
        .arg(format!("--define=first_id={first_id}"))
        .arg(format!("--define=user={user}"))
        .arg("--file")
        .arg(script.path())
        // Other users of the machine see arguments, but not variables.
        .env("PGHOST", url.host_str().unwrap_or("127.0.0.1"))
        .env("PGPORT", url.port().unwrap_or(5432).to_string())
        .env("PGUSER", decoded(url.username()))
        .env("PGPASSWORD", decoded(url.password().unwrap_or_default()))
        .env("PGDATABASE", decoded(url.path().trim_start_matches('/')))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| format!("pgbench, which is part of PostgreSQL, cannot be run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = "));
    match rate.and_then(|rate| rate.split_whitespace().next()) {
        Some(rate) if output.status.success() => Ok(rate.parse()?),
        _ => {
            let errors = String::from_utf8_lossy(&output.stderr);
            Err(format!("pgbench failed ({}): {errors}", output.status).into())
        }
    }
}

/// Finds the program next to the server, next to what the server's link points to, or in the PATH.
fn pgbench_program() -> Result<PathBuf, BoxError> {
    let programs = Programs::find(None)?;
    let server = programs.path("postgres").canonicalize()?;
    let candidates = [programs.path("pgbench"), server.with_file_name("pgbench")];
    let found = candidates.into_iter().find(|path| path.is_file());
    Ok(found.unwrap_or_else(|| "pgbench".into()))
}
