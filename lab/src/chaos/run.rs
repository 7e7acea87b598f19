//! Phases of a run: load and faults, drain, check.

use std::{
    collections::HashSet,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use service_runtime::{BoxError, grpc};
use taskmesh::up::progress::step;
use taskmesh_proto::audit::v1::{VerifyAuditRequest, audit_service_client::AuditServiceClient};
use tokio::time::{sleep, sleep_until};

use super::{
    brokers::External,
    clients::Clients,
    evidence,
    fault::Fault,
    load::{Answered, Load},
    mesh::Mesh,
    report::{AuditCounts, Counts, FaultResult, Report},
    throughput::Throughput,
    topics,
    users::Users,
};
use crate::{
    bearer::Bearer,
    checker::{Tally, Violation, check},
};

/// Maximum time from the last answer until no work is left.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(300);
const DRAIN_INTERVAL: Duration = Duration::from_secs(2);
const PROGRESS_INTERVAL: Duration = Duration::from_secs(10);
const AUDIT_TIMEOUT: Duration = Duration::from_secs(60);

/// Parameters of a run.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub rate: u32,
    pub length: Duration,
    pub faults: Vec<Fault>,
    /// Log filter of the services.
    pub log: String,
    pub external: External,
}

/// Starts a mesh in an empty folder, injects the faults under load, and checks the result.
pub async fn run(plan: &Plan, folder: &Path) -> Result<Report, BoxError> {
    let starting = Mesh::start(folder, &plan.log, plan.external.clone());
    let mut mesh = step("starts the mesh", starting).await?;
    let result = run_on(plan, &mut mesh).await;
    mesh.end().await?;
    result
}

async fn run_on(plan: &Plan, mesh: &mut Mesh) -> Result<Report, BoxError> {
    let start = Instant::now();
    let writes = Arc::new(Throughput::new(start));
    let events = Arc::new(Throughput::new(start));
    let users = Arc::new(Users::default());
    let _events = topics::follow_events(&mesh.kafka, Arc::clone(&users), Arc::clone(&events))?;
    let load = Load::start(plan.seed, plan.rate, mesh, &users, &writes)?;
    let clients = Clients::start(plan.seed, mesh)?;
    let faults = inject_faults(mesh, start, &plan.faults).await?;
    sleep_until((start + plan.length).into()).await;
    let seconds = start.elapsed().as_secs_f64();
    let load = step("waits for the last answers", async {
        Ok::<_, BoxError>(load.stop().await)
    })
    .await?;
    clients.settle();
    let draining = drain(mesh, &load.answers, &clients);
    let (violations, counts) = step("waits until no work is left", draining).await?;
    let mut report = Report {
        seed: plan.seed,
        seconds,
        rate: plan.rate,
        faults,
        counts: Counts {
            load,
            unexpected_exits: mesh.unexpected_exits(),
            live: clients.counts(),
            ..counts
        },
        tally: Tally::of(&violations),
        violations: violations.iter().map(ToString::to_string).collect(),
    };
    report.measure_recovery(&writes.times(), &events.times());
    Ok(report)
}

async fn inject_faults(
    mesh: &mut Mesh,
    start: Instant,
    faults: &[Fault],
) -> Result<Vec<FaultResult>, BoxError> {
    let mut results = Vec::with_capacity(faults.len());
    for fault in faults {
        sleep_until((start + fault.at).into()).await;
        let begin = start.elapsed();
        let (what, stop) = mesh.inject_fault(*fault).await?;
        let result = FaultResult::new(fault.kind, what, [begin, start.elapsed()], stop);
        let stopped = stop.map_or(String::new(), |stop| {
            let failure = if stop.is_clean { "" } else { " with a failure" };
            format!(", stopped after {:.1} s{failure}", stop.after.as_secs_f64())
        });
        eprintln!(
            "  {:>7.1} s {:<16} {}, {:.1} s{stopped}",
            result.begin_s, fault.kind, result.what, result.length_s
        );
        results.push(result);
    }
    Ok(results)
}

/// Checks until nothing is lost or in flight, or the time runs out.
async fn drain(
    mesh: &Mesh,
    answered: &[Answered],
    clients: &Clients,
) -> Result<(Vec<Violation>, Counts), BoxError> {
    let begin = Instant::now();
    // Reminders fire up to 15 s after the load.
    let mut report_at = 2 * PROGRESS_INTERVAL;
    loop {
        let is_last = begin.elapsed() > DRAIN_TIMEOUT;
        let client = mesh.server.connect().await?;
        // The tables are cheap to read; reading whole topics slows the broker.
        let mut unfinished = evidence::unfinished(&client).await?;
        if unfinished.is_none() {
            unfinished = clients.unfinished(&evidence::tasks_by_user(&client).await?);
        }
        if unfinished.is_none() || is_last {
            let mut evidence = evidence::collect(mesh, &client, answered).await?;
            let (records, effects) = (evidence.arrivals.len(), evidence.effects.len());
            let arrivals = evidence.arrivals.iter();
            let distinct: HashSet<_> = arrivals
                .map(|arrival| (arrival.change.topic, arrival.event_id))
                .collect();
            let redelivered = records - distinct.len();
            let tasks = evidence::tasks_by_user(&client).await?;
            clients.add_evidence(&mut evidence, &tasks);
            let violations = check(&evidence);
            let lost = Tally::of(&violations).lost;
            let waiting = evidence::waiting(&client).await?;
            if (waiting == 0 && lost == 0) || is_last {
                let counts = Counts {
                    records,
                    redelivered,
                    effects,
                    waiting,
                    audit: verify_audit(mesh).await?,
                    dead_letters: topics::count_dead_letters(&mesh.kafka).await?,
                    rest_after_s: begin.elapsed().as_secs_f64(),
                    ..Counts::default()
                };
                return Ok((violations, counts));
            }
            let first = violations.first().map(ToString::to_string);
            unfinished = Some(format!("{lost} lost so far; {}", first.unwrap_or_default()));
        }
        if begin.elapsed() >= report_at {
            report_at += PROGRESS_INTERVAL;
            let seconds = begin.elapsed().as_secs_f64();
            eprintln!(
                "  {seconds:>7.1} s not finished: {}",
                unfinished.unwrap_or_default()
            );
        }
        sleep(DRAIN_INTERVAL).await;
    }
}

/// Verifies the audit chains of all users.
async fn verify_audit(mesh: &Mesh) -> Result<AuditCounts, BoxError> {
    let roles = [grpc::AUDITOR.to_owned()];
    let bearer = Bearer::new(&mesh.users_secret, "chaos-auditor", &roles)?;
    let message = VerifyAuditRequest {
        user_id: "-".to_owned(),
    };
    let request = bearer.request(message, AUDIT_TIMEOUT);
    let mut client = AuditServiceClient::new(grpc::connect(&mesh.audit_url));
    let response = client.verify_audit(request).await?.into_inner();
    let findings = response.findings.into_iter();
    Ok(AuditCounts {
        records: response.record_count,
        checkpoints: response.checkpoint_number,
        findings: findings
            .map(|finding| format!("{}: {}", finding.user_id, finding.message))
            .collect(),
    })
}
