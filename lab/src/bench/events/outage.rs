use std::time::{Duration, Instant};

use service_runtime::BoxError;
use tokio::time::{interval, sleep, timeout};

use super::service;
use crate::bench::{
    load::{Bounds, number},
    mesh::resident_bytes,
    report::{Measure, Report, Row, step},
    servers::Servers,
};

const GOAL_PERCENT: f64 = 110.0;
const GOAL_MEBIBYTES: f64 = 32.0;
const GOAL_SECONDS: f64 = 30.0;
const MEBIBYTE: f64 = 1_048_576.0;
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_millis(100);

/// Stops the broker while events are written, and starts it again.
pub async fn measure(
    servers: &mut Servers,
    rate: u32,
    bounds: Bounds,
    report: &mut Report,
) -> Result<(), BoxError> {
    service::prepare(servers).await?;
    let (running, database) = service::start(servers, true).await?;
    step(format!("{rate} events per second before the outage"));
    let before = service::write(&database, rate, bounds, drop).await?;
    wait_for_effects(servers).await?;
    let memory_before = resident_bytes("self")?;

    servers.stop_broker().await?;
    step(format!("{rate} events per second during the outage"));
    let mut memory = memory_before;
    let watch = async {
        let mut ticks = interval(POLL);
        loop {
            ticks.tick().await;
            memory = memory.max(resident_bytes("self").unwrap_or_default());
        }
    };
    let during = tokio::select! {
        during = service::write(&database, rate, bounds, drop) => during?,
        () = watch => return Err("the memory is watched without end".into()),
    };
    let waiting = "SELECT count(*) FROM events_bench.outbox";
    let waiting: i64 = servers.client.query_one(waiting, &[]).await?.get(0);
    servers.start_broker().await?;
    let begin = Instant::now();
    wait_for_effects(servers).await?;
    let recovered = begin.elapsed();
    running.stop().await?;

    let seconds = bounds.seconds;
    report.add(Row::none(
        format!("failed writes in {seconds} s without the broker"),
        during.failures,
    ));
    report.add(Row::load(
        format!("write before the outage, {rate} per second"),
        &before,
    ));
    report.add(Row::load(
        format!("write during the outage, {rate} per second"),
        &during,
    ));
    let percent = 100.0 * during.latency().p99 / before.latency().p99;
    report.add(
        Row::value("write during the outage against before, p99", percent, "%")
            .at_most(Measure::Figure, GOAL_PERCENT),
    );
    report.add(Row::value(
        "events in the outbox at the end of the outage",
        number(waiting),
        "",
    ));
    report.add(
        Row::value(
            "all effects visible after the outage",
            recovered.as_secs_f64(),
            "s",
        )
        .at_most(Measure::Figure, GOAL_SECONDS),
    );
    let growth = number(memory - memory_before) / MEBIBYTE;
    report.add(
        Row::value("growth of memory during the outage", growth, "MiB")
            .at_most(Measure::Figure, GOAL_MEBIBYTES),
    );
    Ok(())
}

/// Waits until each committed change has its effect.
async fn wait_for_effects(servers: &Servers) -> Result<(), BoxError> {
    let query = "SELECT (SELECT count(*) FROM events_bench.effects) >= (SELECT sum(version) FROM events_bench.aggregates)";
    let visible = async {
        while !servers
            .client
            .query_one(query, &[])
            .await?
            .get::<_, bool>(0)
        {
            sleep(POLL).await;
        }
        Ok::<(), BoxError>(())
    };
    timeout(RECOVERY_TIMEOUT, visible)
        .await
        .map_err(|_| format!("the events have no effects after {RECOVERY_TIMEOUT:?}"))?
}
