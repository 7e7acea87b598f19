//! One run: load, faults, rest, judgement.

use std::{
    collections::HashSet,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::checker::{Arrival, Tally, Violation, check};
use service_runtime::BoxError;
use tokio::time::{sleep, sleep_until};

use super::{
    audit,
    brokers::Given,
    evidence,
    faults::Fault,
    load::{Answered, Ledger, Load, Shared},
    mesh::Mesh,
    pulse::Pulse,
    records,
    report::{Counts, Report, Struck},
    server::connect,
    tables::Tables,
    tail::Tail,
    users::Users,
    watchers::Watchers,
};
use taskmesh::up::progress::step;

/// How long the mesh may take to come to rest after the load.
const REST_PATIENCE: Duration = Duration::from_secs(300);
const LOOK_AGAIN: Duration = Duration::from_secs(2);
const TELL_EVERY: Duration = Duration::from_secs(10);

/// What a run does.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub rate: u32,
    pub length: Duration,
    pub faults: Vec<Fault>,
    /// What the services log.
    pub log: String,
    pub given: Option<Given>,
}

/// What is left behind when everything has come to rest, or does not.
struct Rest {
    violations: Vec<Violation>,
    counts: Counts,
    after: Duration,
}

/// Runs a mesh in an empty folder, strikes it, and judges what is left.
pub async fn run(plan: &Plan, folder: &Path) -> Result<Report, BoxError> {
    let starting = Mesh::start(folder, &plan.log, plan.given.clone());
    let mut mesh = step("starts the mesh", starting).await?;
    let result = strike_and_judge(plan, &mut mesh).await;
    mesh.end().await?;
    result
}

async fn strike_and_judge(plan: &Plan, mesh: &mut Mesh) -> Result<Report, BoxError> {
    let start = Instant::now();
    let events = Arc::new(Pulse::new(start));
    let shared = Arc::new(Shared {
        ledger: Arc::new(Ledger::default()),
        users: Arc::new(Users::default()),
        pulse: Arc::new(Pulse::new(start)),
    });
    let tail = Tail::start(&mesh.kafka, Arc::clone(&shared.users), Arc::clone(&events))?;
    let load = Load::start(
        plan.seed,
        plan.rate,
        &mesh.task_urls,
        &mesh.users_secret,
        &shared,
    )?;
    let watchers = Watchers::start(plan.seed, &mesh.gateway_urls, &mesh.users_secret)?;
    let struck = strike_all(mesh, start, &plan.faults).await?;
    sleep_until((start + plan.length).into()).await;
    let ended = start.elapsed();
    step("waits for the last answers", async {
        load.stop().await;
        Ok::<(), BoxError>(())
    })
    .await?;
    watchers.settle();
    let ledger = &shared.ledger;
    let answered = ledger.answered();
    let rest = rest(mesh, &answered, &watchers);
    let rest = step("waits for rest and looks", rest).await?;
    drop(tail);
    Ok(Report::new(
        plan,
        struck,
        [shared.pulse.beats(), events.beats()],
        ended,
        rest.violations,
        Counts {
            refused: ledger.refused(),
            repeated: ledger.repeated_and_unanswered().0,
            unanswered: ledger.repeated_and_unanswered().1,
            own_ends: mesh.own_ends().into_iter().collect(),
            rest_after: rest.after,
            live: watchers.counts(),
            ..rest.counts
        },
    ))
}

async fn strike_all(
    mesh: &mut Mesh,
    start: Instant,
    faults: &[Fault],
) -> Result<Vec<Struck>, BoxError> {
    let mut struck = Vec::with_capacity(faults.len());
    for fault in faults {
        sleep_until((start + fault.at).into()).await;
        let begin = start.elapsed();
        let (what, stop) = mesh.strike(*fault).await?;
        let end = start.elapsed();
        let stopped = stop.map_or(String::new(), |stop| {
            let well = if stop.is_clean { "" } else { " with a failure" };
            format!(", stopped after {:.1} s{well}", stop.after.as_secs_f64())
        });
        eprintln!(
            "  {:>7.1} s {:<16} {what}, {:.1} s{stopped}",
            begin.as_secs_f64(),
            fault.kind,
            (end - begin).as_secs_f64()
        );
        struck.push(Struck {
            kind: fault.kind,
            what,
            begin,
            end,
            stop,
        });
    }
    Ok(struck)
}

/// Looks until nothing is missing any more: what is still on its way is not lost.
async fn rest(mesh: &Mesh, answered: &[Answered], watchers: &Watchers) -> Result<Rest, BoxError> {
    let begin = Instant::now();
    // Reminders that are not due yet are no reason to worry.
    let mut tell_at = 2 * TELL_EVERY;
    loop {
        let client = connect(mesh.database_url()).await?;
        // The tables are quickly read; all records of all topics are not, and reading them holds up the broker.
        let tables = Tables::read(&client).await?;
        let mut missing = tables
            .unfinished()
            .or_else(|| watchers.behind(&tables.tasks));
        if missing.is_none() || begin.elapsed() > REST_PATIENCE {
            let (mut evidence, tables) = evidence::collect(mesh, &client, answered).await?;
            let counts = Counts {
                answered: answered.len(),
                records: evidence.arrivals.len(),
                redelivered: redelivered(&evidence.arrivals),
                effects: evidence.effects.len(),
                waiting: tables.waiting,
                ..Counts::default()
            };
            watchers.add_evidence(&mut evidence, &tables.tasks);
            let violations = check(&evidence);
            let lost = Tally::of(&violations).lost;
            if (tables.waiting == 0 && lost == 0) || begin.elapsed() > REST_PATIENCE {
                return Ok(Rest {
                    violations,
                    counts: Counts {
                        audit: audit::verify(mesh).await?,
                        dead_letters: records::dead_letters(&mesh.kafka).await?.len(),
                        ..counts
                    },
                    after: begin.elapsed(),
                });
            }
            let first = violations.first().map(ToString::to_string);
            missing = Some(format!("{lost} lost so far; {}", first.unwrap_or_default()));
        }
        if begin.elapsed() >= tell_at {
            tell_at += TELL_EVERY;
            eprintln!(
                "  {:>7.1} s no rest yet: {}",
                begin.elapsed().as_secs_f64(),
                missing.unwrap_or_default()
            );
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// Counts the records whose event was on its topic before.
fn redelivered(arrivals: &[Arrival]) -> usize {
    let distinct: HashSet<_> = arrivals
        .iter()
        .map(|arrival| (arrival.change.topic, arrival.event_id))
        .collect();
    arrivals.len() - distinct.len()
}
