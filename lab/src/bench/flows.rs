use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use prost_types::Timestamp;
use rdkafka::{Message, consumer::StreamConsumer};
use service_runtime::{
    BoxError,
    clock::{Clock, timestamp},
    kafka::framing::message_in,
};
use taskmesh_proto::{
    notification::v1::{ReminderEvent, reminder_event::Change},
    task::v1::{
        CompleteTaskRequest, CreateTaskRequest, ListTasksRequest, ReminderSetting, TaskEvent,
        reminder_setting::When,
    },
    topics::{TASK_EVENTS, TASK_REMINDERS},
};

use super::{armed, database::Database, mesh::Mesh, report::Figures};

const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(2);

/// How much is measured.
#[derive(Debug, Clone, Copy, Args)]
pub struct Sizes {
    /// How many events.
    #[arg(long, default_value_t = 500)]
    events: usize,
    /// How many events a second.
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// How many completions.
    #[arg(long, default_value_t = 50)]
    completions: usize,
    /// How many reminders, one every 100 ms.
    #[arg(long, default_value_t = 50)]
    reminders: usize,
    /// How many other reminders are armed meanwhile, for times after next year.
    #[arg(long, default_value_t = 100_000)]
    armed: u32,
}

/// Measures one flow after the other.
pub async fn measure(
    mesh: &Mesh,
    database: &Database,
    sizes: Sizes,
) -> Result<Vec<Figures>, BoxError> {
    eprintln!("1/3 {} events at {} a second", sizes.events, sizes.rate);
    let events = commit_to_consumer(mesh, sizes.events, sizes.rate).await?;
    eprintln!("2/3 {} completions of recurring tasks", sizes.completions);
    let occurrences = completion_to_occurrence(mesh, sizes.completions).await?;
    eprintln!(
        "3/3 {} reminders, {} others armed",
        sizes.reminders, sizes.armed
    );
    armed::arm(database, sizes.armed).await?;
    let reminders = reminder_lateness(mesh, sizes.reminders).await;
    armed::disarm(database).await?;
    let reminders = reminders?;
    Ok(vec![
        Figures::of("change made -> event at a consumer", events),
        Figures::of("completion answered -> next occurrence listed", occurrences),
        Figures::of("reminder due -> delivered (each channel)", reminders),
    ])
}

/// Creates tasks at a steady rate and measures from the time in the event to its arrival at a consumer.
async fn commit_to_consumer(
    mesh: &Mesh,
    count: usize,
    rate: u32,
) -> Result<Vec<Duration>, BoxError> {
    let consumer = mesh.follow(&TASK_EVENTS)?;
    let creating = async {
        let mut every = tokio::time::interval(Duration::from_secs(1) / rate.max(1));
        for number in 0..count {
            every.tick().await;
            create(mesh, plain(format!("event {number}"))).await?;
        }
        Ok::<(), BoxError>(())
    };
    let reading = async {
        let mut seen = Vec::with_capacity(count);
        while seen.len() < count {
            let event: TaskEvent = next(&consumer).await?;
            if event.user_id == mesh.user.as_ref() {
                seen.push(since(event.event_time));
            }
        }
        Ok::<Vec<Duration>, BoxError>(seen)
    };
    let ((), seen) = tokio::try_join!(creating, reading)?;
    Ok(seen)
}

/// Completes recurring tasks one by one and measures from the answer until the next occurrence is in the list.
async fn completion_to_occurrence(mesh: &Mesh, count: usize) -> Result<Vec<Duration>, BoxError> {
    let mut durations = Vec::with_capacity(count);
    for number in 0..count {
        let draft = CreateTaskRequest {
            due_time: Some(timestamp(Clock::system().now() + TimeDelta::hours(1))),
            time_zone: "Europe/Berlin".to_owned(),
            recurrence_rule: "FREQ=DAILY".to_owned(),
            ..plain(format!("recurring {number}"))
        };
        let (id, series_id) = create(mesh, draft).await?;
        let message = CompleteTaskRequest {
            task_id: id.clone(),
            etag: String::new(),
            ..CompleteTaskRequest::default()
        };
        mesh.tasks().complete_task(mesh.request(message)?).await?;
        let completed = Instant::now();
        while !is_followed(mesh, &id, &series_id).await? {
            if completed.elapsed() > PATIENCE {
                return Err(format!("task {id} has no next occurrence after {PATIENCE:?}").into());
            }
            tokio::time::sleep(POLL).await;
        }
        durations.push(completed.elapsed());
    }
    Ok(durations)
}

async fn is_followed(mesh: &Mesh, id: &str, series_id: &str) -> Result<bool, BoxError> {
    let message = ListTasksRequest {
        page_size: 5,
        ..ListTasksRequest::default()
    };
    let answer = mesh.tasks().list_tasks(mesh.request(message)?).await?;
    let tasks = answer.into_inner().tasks;
    Ok(tasks
        .iter()
        .any(|task| task.series_id == series_id && task.id != id))
}

/// Creates tasks with reminders and collects what the mesh says of their lateness.
async fn reminder_lateness(mesh: &Mesh, count: usize) -> Result<Vec<Duration>, BoxError> {
    let consumer = mesh.follow(&TASK_REMINDERS)?;
    // Late enough that the last one is armed before the first one fires.
    let first = Clock::system().now() + TimeDelta::seconds(5);
    let mut waiting = HashSet::new();
    for number in 0..count {
        let time = first + TimeDelta::milliseconds(100) * i32::try_from(number)?;
        let draft = CreateTaskRequest {
            reminders: vec![ReminderSetting {
                when: Some(When::AtTime(timestamp(time))),
            }],
            ..plain(format!("reminded {number}"))
        };
        let (id, _) = create(mesh, draft).await?;
        waiting.insert(id);
    }
    // In-app and e-mail: each delivery is an event of its own.
    let mut lateness = Vec::new();
    let mut settled: HashSet<(String, i32)> = HashSet::new();
    while settled.len() < 2 * count {
        let event: ReminderEvent = next(&consumer).await?;
        let Some(reminder) = event
            .reminder
            .filter(|reminder| waiting.contains(&reminder.task_id))
        else {
            continue;
        };
        match event.change {
            Some(Change::Sent(sent)) if settled.insert((reminder.id.clone(), sent.channel)) => {
                lateness.push(Duration::from_millis(u64::try_from(sent.lateness_ms)?));
            }
            Some(Change::Failed(failed)) => {
                return Err(format!("reminder {} failed: {}", reminder.id, failed.reason).into());
            }
            _ => {}
        }
    }
    Ok(lateness)
}

fn plain(title: String) -> CreateTaskRequest {
    CreateTaskRequest {
        title,
        ..CreateTaskRequest::default()
    }
}

/// Creates a task and returns its id and its series.
async fn create(mesh: &Mesh, draft: CreateTaskRequest) -> Result<(String, String), BoxError> {
    let task = mesh
        .tasks()
        .create_task(mesh.request(draft)?)
        .await?
        .into_inner();
    Ok((task.id, task.series_id))
}

async fn next<E: prost::Message + Default>(consumer: &StreamConsumer) -> Result<E, BoxError> {
    let record = tokio::time::timeout(PATIENCE, consumer.recv())
        .await
        .map_err(|_| format!("no event within {PATIENCE:?}"))??;
    Ok(E::decode(message_in(record.payload().unwrap_or_default()))?)
}

fn since(time: Option<Timestamp>) -> Duration {
    let time = time
        .and_then(|time| DateTime::from_timestamp(time.seconds, u32::try_from(time.nanos).ok()?));
    let elapsed = Clock::system().now() - time.unwrap_or(DateTime::<Utc>::MIN_UTC);
    elapsed.to_std().unwrap_or_default()
}
