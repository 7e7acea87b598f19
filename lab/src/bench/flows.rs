//! `bench flows`: delays from a commit to its event, from a completion to the next occurrence, and from a reminder's time to its delivery.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use clap::Args;
use prost_types::Timestamp;
use rdkafka::{Message, consumer::StreamConsumer};
use service_runtime::{
    BoxError,
    clock::{Clock, from_timestamp, timestamp},
    kafka::framing::message_in,
};
use taskmesh_proto::{
    notification::v1::{ReminderEvent, reminder_event::Change},
    task::v1::{
        CompleteTaskRequest, CreateTaskRequest, ListTasksRequest, ReminderSetting, Task, TaskEvent,
        reminder_setting::When,
    },
    topics::{TASK_EVENTS, TASK_REMINDERS},
};
use tokio::time::{interval, sleep, timeout};
use tokio_postgres::Client;
use uuid::Uuid;

use super::{
    load::Outcome,
    mesh::{self, Caller, Mesh},
    report::{Measure, Report, Row, step},
};

const TIMEOUT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(2);
const GOAL_LATENESS_MS: f64 = 50.0;

/// Options of the benchmark.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    mesh: mesh::Connection,
    /// Number of events.
    #[arg(long, default_value_t = 500)]
    events: usize,
    /// Number of events per second.
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// Number of completions.
    #[arg(long, default_value_t = 50)]
    completions: usize,
    /// Number of reminders, one every 100 ms.
    #[arg(long, default_value_t = 50)]
    reminders: usize,
    /// Number of other scheduled reminders, more than a year ahead.
    #[arg(long, default_value_t = 100_000)]
    armed: u32,
}

/// Measures one flow after the other.
pub async fn measure(arguments: &Arguments) -> Result<Report, BoxError> {
    let mesh = arguments.mesh.open().await?;
    let caller = mesh.caller(&format!("bench-{}", Uuid::new_v4()))?;
    let mut report = Report::new(&mesh.database).await?;
    step(format!(
        "{} events, {} per second",
        arguments.events, arguments.rate
    ));
    let events = commit_to_consumer(&mesh, &caller, arguments).await?;
    report.add(Row::latency("commit to event at a consumer", &events));
    step(format!(
        "{} completions of recurring tasks",
        arguments.completions
    ));
    let occurrences = completion_to_occurrence(&caller, arguments.completions).await?;
    report.add(Row::latency(
        "completion to next occurrence in the list",
        &occurrences,
    ));
    step(format!(
        "{} reminders, {} others scheduled",
        arguments.reminders, arguments.armed
    ));
    schedule_others(&mesh.database, arguments.armed).await?;
    let lateness = reminder_lateness(&mesh, &caller, arguments.reminders).await;
    remove_others(&mesh.database).await?;
    let row = Row::latency("reminder's time to delivery, each channel", &lateness?);
    report.add(row.at_most(Measure::P99, GOAL_LATENESS_MS));
    Ok(report)
}

/// Creates tasks at a steady rate and measures from the time in the event to its arrival at a consumer.
async fn commit_to_consumer(
    mesh: &Mesh<'_>,
    caller: &Caller,
    arguments: &Arguments,
) -> Result<Outcome, BoxError> {
    let consumer = mesh.follow(&TASK_EVENTS)?;
    let creating = async {
        let mut ticks = interval(Duration::from_secs(1) / arguments.rate.max(1));
        for number in 0..arguments.events {
            ticks.tick().await;
            create(caller, plain(format!("event {number}"))).await?;
        }
        Ok::<(), BoxError>(())
    };
    let reading = async {
        let mut delays = Vec::with_capacity(arguments.events);
        while delays.len() < arguments.events {
            let event: TaskEvent = next(&consumer).await?;
            if event.user_id == caller.user {
                delays.push(since(event.event_time)?);
            }
        }
        Ok::<Vec<Duration>, BoxError>(delays)
    };
    let ((), delays) = tokio::try_join!(creating, reading)?;
    Ok(delays.into_iter().collect())
}

/// Completes recurring tasks one by one and measures from the answer until the next occurrence is in the list.
async fn completion_to_occurrence(caller: &Caller, count: usize) -> Result<Outcome, BoxError> {
    let mut outcome = Outcome::default();
    for number in 0..count {
        let request = CreateTaskRequest {
            due_time: Some(timestamp(Clock::system().now() + TimeDelta::hours(1))),
            time_zone: "Europe/Berlin".to_owned(),
            recurrence_rule: "FREQ=DAILY".to_owned(),
            ..plain(format!("recurring {number}"))
        };
        let task = create(caller, request).await?;
        let message = CompleteTaskRequest {
            task_id: task.id.clone(),
            ..CompleteTaskRequest::default()
        };
        caller
            .tasks(0)
            .complete_task(caller.request(message))
            .await?;
        let completed = Instant::now();
        while !is_followed(caller, &task).await? {
            if completed.elapsed() > TIMEOUT {
                return Err(
                    format!("task {} has no next occurrence after {TIMEOUT:?}", task.id).into(),
                );
            }
            sleep(POLL).await;
        }
        outcome.record(completed.elapsed());
    }
    Ok(outcome)
}

async fn is_followed(caller: &Caller, completed: &Task) -> Result<bool, BoxError> {
    let message = ListTasksRequest {
        page_size: 5,
        ..ListTasksRequest::default()
    };
    let answer = caller.tasks(0).list_tasks(caller.request(message)).await?;
    let mut tasks = answer.into_inner().tasks.into_iter();
    Ok(tasks.any(|task| task.series_id == completed.series_id && task.id != completed.id))
}

/// Creates tasks with reminders and collects the lateness that their events report.
async fn reminder_lateness(
    mesh: &Mesh<'_>,
    caller: &Caller,
    count: usize,
) -> Result<Outcome, BoxError> {
    let consumer = mesh.follow(&TASK_REMINDERS)?;
    // Late enough that the last one is scheduled before the first one fires.
    let first = Clock::system().now() + TimeDelta::seconds(5);
    let mut tasks = HashSet::new();
    for number in 0..count {
        let time = first + TimeDelta::milliseconds(100) * i32::try_from(number)?;
        let request = CreateTaskRequest {
            reminders: vec![ReminderSetting {
                when: Some(When::AtTime(timestamp(time))),
            }],
            ..plain(format!("reminded {number}"))
        };
        tasks.insert(create(caller, request).await?.id);
    }
    let mut lateness = Outcome::default();
    let mut delivered: HashSet<(String, i32)> = HashSet::new();
    // Each of the two channels has its own event.
    while delivered.len() < 2 * count {
        let event: ReminderEvent = next(&consumer).await?;
        let reminder = event.reminder.unwrap_or_default();
        if !tasks.contains(&reminder.task_id) {
            continue;
        }
        match event.change {
            Some(Change::Sent(sent)) if delivered.insert((reminder.id.clone(), sent.channel)) => {
                lateness.record(Duration::from_millis(u64::try_from(sent.lateness_ms)?));
            }
            Some(Change::Failed(failed)) => {
                return Err(format!("reminder {} failed: {}", reminder.id, failed.reason).into());
            }
            _ => {}
        }
    }
    Ok(lateness)
}

/// Inserts the rows of reminders that do not fire during the measurement, as in a mesh with many users.
async fn schedule_others(database: &Client, count: u32) -> Result<(), BoxError> {
    // Rows of an interrupted run count.
    database
        .batch_execute(&format!(
            "INSERT INTO notification.watched_tasks
                 (user_id, task_id, task_version, title, due_time, time_zone, open, deleted, muted, reminder_settings, update_time)
             SELECT 'bench-armed-' || n % 1000, md5('bench-armed-' || n)::uuid, 1, 'Armed ' || n,
                 now() + interval '1 year' + n * interval '1 minute', 'UTC', true, false, false, '[]', now()
             FROM generate_series(1, {count}) n ON CONFLICT DO NOTHING;
             INSERT INTO notification.reminders
                 (user_id, id, task_id, setting, fire_time, state, version, title, due_time, time_zone)
             SELECT user_id, gen_random_uuid(), task_id, 'default', due_time - interval '1 hour', 'scheduled', 1, title, due_time, time_zone
             FROM notification.watched_tasks WHERE user_id LIKE 'bench-armed-%' ON CONFLICT DO NOTHING"
        ))
        .await?;
    let vacuum = "VACUUM ANALYZE notification.watched_tasks, notification.reminders";
    Ok(database.batch_execute(vacuum).await?)
}

async fn remove_others(database: &Client) -> Result<(), BoxError> {
    let delete = "DELETE FROM notification.reminders WHERE user_id LIKE 'bench-armed-%';
                  DELETE FROM notification.watched_tasks WHERE user_id LIKE 'bench-armed-%'";
    Ok(database.batch_execute(delete).await?)
}

fn plain(title: String) -> CreateTaskRequest {
    CreateTaskRequest {
        title,
        ..CreateTaskRequest::default()
    }
}

async fn create(caller: &Caller, request: CreateTaskRequest) -> Result<Task, BoxError> {
    let answer = caller.tasks(0).create_task(caller.request(request)).await?;
    Ok(answer.into_inner())
}

async fn next<E: prost::Message + Default>(consumer: &StreamConsumer) -> Result<E, BoxError> {
    let record = timeout(TIMEOUT, consumer.recv())
        .await
        .map_err(|_| format!("no event within {TIMEOUT:?}"))??;
    Ok(E::decode(message_in(record.payload().unwrap_or_default()))?)
}

fn since(time: Option<Timestamp>) -> Result<Duration, BoxError> {
    let time = time.ok_or("an event without a time")?;
    let elapsed =
        Clock::system().now() - from_timestamp(time).ok_or("an event with an invalid time")?;
    Ok(elapsed.to_std().unwrap_or_default())
}
