use std::time::{Duration, Instant};

use clap::Args;
use service_runtime::BoxError;
use taskmesh_proto::audit::v1::GetTaskHistoryRequest;

use super::{
    backlog::{Backlog, HISTORY_LENGTH, HISTORY_USER},
    service::Audit,
    verification,
};
use crate::bench::{
    load::one_by_one,
    report::{Measure, Report, Row, step},
    servers::Servers,
};

const TIMEOUT: Duration = Duration::from_secs(10);
const SCHEMA: &str = "audit";
const GOAL_PER_SECOND: f64 = 10_000.0;
const GOAL_HISTORY_MS: f64 = 20.0;

/// Options of the benchmark.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Number of events on the topic when the service starts.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    records: u32,
    /// Number of verifications, of whose rates the median counts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..))]
    rounds: u8,
    /// Number of measured calls for the history.
    #[arg(long, default_value_t = 300)]
    calls: usize,
}

/// Measures the parts, each with the records of the first.
pub async fn measure(arguments: &Arguments) -> Result<Report, BoxError> {
    let servers = Servers::start(SCHEMA).await?;
    let measured = parts(&servers, arguments).await;
    servers.end(SCHEMA).await?;
    measured
}

async fn parts(servers: &Servers, arguments: &Arguments) -> Result<Report, BoxError> {
    let mut report = Report::new(&servers.client).await?;
    let backlog = Backlog::new(arguments.records);
    step(format!("publishes {} events", backlog.count()));
    backlog.publish(&servers.kafka).await?;
    let audit = Audit::start(servers).await?;
    step(format!("records {} events", backlog.count()));
    report.add(record(servers, &audit, &backlog).await?);
    verification::measure(&audit, arguments.rounds, &mut report).await?;
    step("reads a history");
    report.add(history(&audit, &backlog, arguments.calls).await?);
    audit.stop().await?;
    Ok(report)
}

/// Measures from the first record until all events are recorded.
async fn record(servers: &Servers, audit: &Audit<'_>, backlog: &Backlog) -> Result<Row, BoxError> {
    let first = audit.wait_for_records(1).await?;
    let begin = Instant::now();
    let last = audit.wait_for_records(backlog.count()).await?;
    let rate = (last - first) as f64 / begin.elapsed().as_secs_f64();
    let vacuum = "VACUUM (ANALYZE) audit.records, audit.chain_heads, audit.checkpoint_leaves";
    servers.client.batch_execute(vacuum).await?;
    let name = format!("backlog of {} events, recorded", backlog.count());
    Ok(Row::value(name, rate, "/s").at_least(Measure::Figure, GOAL_PER_SECOND))
}

async fn history(audit: &Audit<'_>, backlog: &Backlog, calls: usize) -> Result<Row, BoxError> {
    let (client, bearer) = (audit.client()?, audit.bearer(HISTORY_USER, &[])?);
    let call = async |_| {
        let message = GetTaskHistoryRequest {
            task_id: backlog.history_task.to_string(),
            page_size: i32::try_from(HISTORY_LENGTH)?,
            ..GetTaskHistoryRequest::default()
        };
        let answer = client
            .clone()
            .get_task_history(bearer.request(message, TIMEOUT))
            .await?;
        match u32::try_from(answer.into_inner().records.len())? {
            HISTORY_LENGTH => Ok(()),
            other => Err(format!("{other} changes instead of {HISTORY_LENGTH}").into()),
        }
    };
    let outcome = one_by_one(calls, call).await;
    let name = format!("history of a task with {HISTORY_LENGTH} changes");
    Ok(Row::latency(name, &outcome).at_most(Measure::P95, GOAL_HISTORY_MS))
}
