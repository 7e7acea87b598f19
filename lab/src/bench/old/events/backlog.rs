use std::time::Instant;

use prost::Message;
use service_runtime::BoxError;

use super::{
    changes::{KIND, event},
    relayed::wait,
    stage::{Parts, Stage},
};
use crate::bench::old::{
    progress::Progress,
    report::{Bound, Line, Measure, Page},
};

const GOAL_PER_SECOND: f64 = 20_000.0;
const AGGREGATES: i64 = 10_000;

/// Measures how fast a relay works off a backlog.
pub async fn measure(stage: &Stage, count: u64, page: &mut Page) -> Result<(), BoxError> {
    stage.clear().await?;
    let progress = Progress::new(format!("writes {count} events"), "backlogs", Some(1));
    progress.watch(fill(stage, count)).await?;
    progress.add(1);
    let begun = Instant::now();
    let running = stage
        .start(Parts {
            relays: true,
            consumes: false,
        })
        .await?;
    let progress = Progress::new(format!("relays {count} events"), "backlogs", Some(1));
    progress.watch(wait(stage)).await?;
    let elapsed = begun.elapsed();
    running.stop().await?;
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let per_second = count as f64 / elapsed.as_secs_f64();
    page.add(
        Line::of_value(
            format!("a backlog of {count} events, relayed"),
            per_second,
            "events/s",
        )
        .goal(Measure::Value, Bound::AtLeast(GOAL_PER_SECOND)),
    );
    Ok(())
}

/// Writes the events of many aggregates as many transactions would have left them.
async fn fill(stage: &Stage, count: u64) -> Result<(), BoxError> {
    let payload = event("an aggregate of the backlog").encode_to_vec();
    let count = i64::try_from(count)?;
    stage
        .client
        .execute(
            "INSERT INTO events_bench.outbox (topic, record_key, event_id, event_type, subject, data_schema, \
                                              aggregate_version, event_time, payload) \
             SELECT 'task-reminders', 'aggregate ' || number % $2, \
                    gen_random_uuid(), $3, 'aggregate ' || number % $2, 'taskmesh.notification.v1.ReminderEvent', \
                    number / $2 + 1, now(), $4 \
             FROM generate_series(0, $1::bigint - 1) number",
            &[&count, &AGGREGATES, &KIND, &payload],
        )
        .await?;
    stage.vacuum("events_bench.outbox").await
}
