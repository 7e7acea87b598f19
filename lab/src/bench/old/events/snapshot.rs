use std::time::Duration;

use service_runtime::BoxError;

use super::{
    command::Arguments,
    latency::{value, write},
    relayed::wait,
    stage::{Parts, Stage},
};
use crate::bench::old::{
    load::Bounds,
    report::{Bound, Line, Measure, Page},
};

const RATE: u32 = 800;
const LEAST_PERCENT: f64 = 98.0;

/// Has another session hold a snapshot for long while events are written and relayed.
pub async fn measure(
    stage: &Stage,
    arguments: &Arguments,
    page: &mut Page,
) -> Result<(), BoxError> {
    stage.clear().await?;
    let running = stage
        .start(Parts {
            relays: true,
            consumes: false,
        })
        .await?;
    let bounds = |seconds| Bounds {
        warm_up: Duration::from_secs(2),
        measured: Duration::from_secs(seconds),
        most: usize::MAX,
    };
    let before = write(RATE, bounds(arguments.seconds), "before the snapshot", None).await?;
    wait(stage).await?;

    let holder = stage.connect().await?;
    holder
        .batch_execute(
            "SET idle_in_transaction_session_timeout = 0; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1; \
             SELECT count(*) FROM pg_class",
        )
        .await?;
    let seconds = arguments.snapshot_seconds;
    let during = write(RATE, bounds(seconds), "beside the snapshot", None).await?;
    let behind = wait(stage).await?;
    // Statistics of other sessions are told with a delay of theirs.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let dead: i64 = stage
        .client
        .query_one(
            "SELECT coalesce(sum(n_dead_tup), 0)::bigint FROM pg_stat_user_tables \
             WHERE schemaname = 'events_bench' AND relname = 'outbox'",
            &[],
        )
        .await?
        .get(0);
    holder.batch_execute("COMMIT").await?;
    running.stop().await?;

    let percent = 100.0 * during.per_second() / before.per_second();
    page.add(value(
        &format!("dead rows in the outbox after {seconds} s at {RATE}/s beside a snapshot"),
        dead,
        0.0,
    ));
    page.add(
        Line::of_value(
            "throughput beside the snapshot against before",
            percent,
            "%",
        )
        .goal(Measure::Value, Bound::AtLeast(LEAST_PERCENT)),
    );
    page.add(Line::of_value(
        "what was left to relay at the end took",
        behind.as_secs_f64() * 1_000.0,
        "ms",
    ));
    Ok(())
}
