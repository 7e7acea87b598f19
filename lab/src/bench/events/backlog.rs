use std::time::{Duration, Instant};

use prost::Message;
use service_runtime::BoxError;
use tokio::time::{sleep, timeout};

use super::service::{self, EVENT_TYPE, event};
use crate::bench::{
    report::{Measure, Report, Row, step},
    servers::Servers,
};

const GOAL_PER_SECOND: f64 = 20_000.0;
const POLL: Duration = Duration::from_millis(50);
const TIMEOUT: Duration = Duration::from_secs(600);
/// Inserts the events of 10 000 aggregates.
const INSERT: &str = "
    INSERT INTO events_bench.outbox
        (topic, record_key, event_id, event_type, subject, data_schema, aggregate_version, event_time, payload)
    SELECT 'task-reminders', aggregate, gen_random_uuid(), $2, aggregate, 'taskmesh.notification.v1.ReminderEvent', number / 10000 + 1, now(), $3
    FROM (SELECT number, 'aggregate ' || number % 10000 AS aggregate FROM generate_series(0, $1::bigint - 1) number) numbers";

/// Measures the time that the relay needs for a backlog.
pub async fn measure(servers: &Servers, count: u32, report: &mut Report) -> Result<(), BoxError> {
    let client = &servers.client;
    service::prepare(servers).await?;
    step(format!("inserts {count} events"));
    let payload = event().encode_to_vec();
    client
        .execute(INSERT, &[&i64::from(count), &EVENT_TYPE, &payload])
        .await?;
    client
        .batch_execute("VACUUM (ANALYZE) events_bench.outbox")
        .await?;
    step(format!("relays {count} events"));
    let begin = Instant::now();
    let (running, _) = service::start(servers, false).await?;
    let relayed = async {
        let is_empty = "SELECT NOT EXISTS (SELECT FROM events_bench.outbox)";
        while !client.query_one(is_empty, &[]).await?.get::<_, bool>(0) {
            sleep(POLL).await;
        }
        Ok::<(), BoxError>(())
    };
    timeout(TIMEOUT, relayed)
        .await
        .map_err(|_| format!("the outbox is not empty after {TIMEOUT:?}"))??;
    let rate = f64::from(count) / begin.elapsed().as_secs_f64();
    running.stop().await?;
    let row = Row::value(format!("backlog of {count} events, relayed"), rate, "/s");
    report.add(row.at_least(Measure::Figure, GOAL_PER_SECOND));
    Ok(())
}
