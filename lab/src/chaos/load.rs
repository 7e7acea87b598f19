//! Load: writers that repeat each call with the same request id until it is answered, and make others once, without an id.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use prost_types::{FieldMask, Timestamp};
use rand::{Rng, rngs::StdRng};
use serde::Serialize;
use service_runtime::{
    BoxError,
    clock::{Clock, timestamp},
    grpc::{self, Channel},
};
use taskmesh_proto::task::v1::{
    CompleteTaskRequest, CreateTaskRequest, DeleteTaskRequest, ReminderSetting, Task,
    UpdateTaskRequest, reminder_setting::When, task_service_client::TaskServiceClient,
};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Response, Status};
use uuid::Builder;

use super::{
    fault::seeded_rng,
    mesh::Mesh,
    throughput::Throughput,
    users::{USERS, Users},
};
use crate::bearer::Bearer;

const WRITERS: u32 = 32;
/// Time after which a call is repeated at the other instance.
const CALL_TIMEOUT: Duration = Duration::from_secs(2);
const RETRY_DELAY: Duration = Duration::from_millis(100);
/// Time for which open calls are repeated after the end of the load.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(60);
/// First stream of the seeded generator that the writers use.
const STREAM: u64 = 1_000;
/// Delays of reminders: some fire during faults, none long after the end of the load.
const REMINDER_DELAY_MS: std::ops::Range<u64> = 5_000..15_000;
const DUE: Duration = Duration::from_secs(30 * 24 * 3600);

/// Answered write.
#[derive(Debug, Clone)]
pub struct Answered {
    pub task_id: String,
    pub version: i64,
    /// Title that only this call has written.
    pub title: Option<String>,
}

/// Outcome of the calls.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LoadCounts {
    pub answered: usize,
    /// Number of refused calls by status code.
    pub refused: BTreeMap<String, u64>,
    pub repeated: u64,
    pub unanswered: u64,
    /// Number of calls without a request id whose outcome is not known: they had their effect once or not at all.
    pub unknown: u64,
    #[serde(skip)]
    pub answers: Vec<Answered>,
}

/// Running load.
pub struct Load {
    writers: JoinSet<()>,
    stopping: CancellationToken,
    counts: Arc<Mutex<LoadCounts>>,
}

impl Load {
    /// Starts writers that make `rate` calls per second in total.
    pub fn start(
        seed: u64,
        rate: u32,
        mesh: &Mesh,
        users: &Arc<Users>,
        throughput: &Arc<Throughput>,
    ) -> Result<Self, BoxError> {
        let stopping = CancellationToken::new();
        let counts = Arc::default();
        let mut writers = JoinSet::new();
        let period = Duration::from_secs(1) * WRITERS / rate;
        for number in 0..WRITERS {
            let index = usize::try_from(number)?;
            let user = index % USERS;
            let writer = Writer {
                user,
                rng: seeded_rng(seed, STREAM + u64::from(number)),
                channels: mesh.task_urls.each_ref().map(grpc::connect),
                // Spreads the writers over the instances.
                next_channel: index,
                bearer: Users::bearer(user, &mesh.users_secret)?,
                users: Arc::clone(users),
                throughput: Arc::clone(throughput),
                counts: Arc::clone(&counts),
                stopping: stopping.clone(),
            };
            writers.spawn(writer.run(period * number / WRITERS, period));
        }
        Ok(Self {
            writers,
            stopping,
            counts,
        })
    }

    /// Stops new calls, and waits until the open ones are answered or given up.
    pub async fn stop(mut self) -> LoadCounts {
        self.stopping.cancel();
        while self.writers.join_next().await.is_some() {}
        let counts = self.counts.lock();
        counts.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Writer {
    user: usize,
    rng: StdRng,
    channels: [Channel; 2],
    next_channel: usize,
    bearer: Bearer,
    users: Arc<Users>,
    throughput: Arc<Throughput>,
    counts: Arc<Mutex<LoadCounts>>,
    stopping: CancellationToken,
}

impl Writer {
    async fn run(mut self, offset: Duration, period: Duration) {
        sleep(offset).await;
        let mut ticks = interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let write = draw(&mut self.rng, self.user, &self.users);
            match self.send(&write).await {
                Some(Ok(task)) => self.note_answer(write, task),
                Some(Err(status)) => self.count(|counts| {
                    *counts
                        .refused
                        .entry(format!("{:?}", status.code()))
                        .or_default() += 1;
                }),
                None if write.has_id() => self.count(|counts| counts.unanswered += 1),
                None => self.count(|counts| counts.unknown += 1),
            }
        }
    }

    /// Repeats a call until a task or a final error answers it. A call without an id is made once.
    async fn send(&mut self, write: &Write) -> Option<Result<Task, Status>> {
        let stopping = self.stopping.clone();
        let drained = async {
            stopping.cancelled().await;
            sleep(DRAIN_TIMEOUT).await;
        };
        tokio::pin!(drained);
        loop {
            let channel = self.channels[self.next_channel % self.channels.len()].clone();
            let call = write.call(TaskServiceClient::new(channel), &self.bearer);
            tokio::select! {
                answer = timeout(CALL_TIMEOUT, call) => match answer {
                    Ok(Err(status)) if !is_final(status.code()) => {}
                    Ok(answer) => return Some(answer),
                    Err(_) => {}
                },
                () = &mut drained => return None,
            }
            self.next_channel += 1;
            if !write.has_id() {
                return None;
            }
            self.count(|counts| counts.repeated += 1);
            sleep(RETRY_DELAY).await;
        }
    }

    fn note_answer(&self, write: Write, task: Task) {
        self.throughput.record();
        let title = match &write {
            Write::Create(request) => Some(request.title.clone()),
            Write::Update(request) => Some(request.title.clone()),
            Write::Complete(_) | Write::Delete(_) => None,
        };
        self.count(|counts| {
            counts.answered += 1;
            counts.answers.push(Answered {
                task_id: task.id.clone(),
                version: task.etag.parse().unwrap_or_default(),
                title,
            });
        });
        match write {
            Write::Create(_) if !task.series_id.is_empty() => {
                self.users.add_occurrence(&Users::name(self.user), task.id);
            }
            // A task with a reminder stays unchanged, so that its reminder fires.
            Write::Create(_) if task.reminders.is_empty() => {
                self.users.add_plain(self.user, task.id);
            }
            _ => {}
        }
    }

    fn count(&self, update: impl FnOnce(&mut LoadCounts)) {
        update(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Returns whether a repeated call would be refused too; any other error may be transient.
fn is_final(code: Code) -> bool {
    matches!(
        code,
        Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::FailedPrecondition
            | Code::OutOfRange
            | Code::Unimplemented
            | Code::Unauthenticated
    )
}

/// Call that changes a task.
#[derive(Debug, Clone)]
enum Write {
    Create(CreateTaskRequest),
    Update(UpdateTaskRequest),
    Complete(CompleteTaskRequest),
    Delete(DeleteTaskRequest),
}

/// Draws the next call of a user.
fn draw(rng: &mut StdRng, user: usize, users: &Users) -> Write {
    let request_id = Builder::from_random_bytes(rng.random())
        .into_uuid()
        .to_string();
    // Unique among all calls.
    let title = format!("chaos {request_id}");
    let on_task = match rng.random_range(0..100) {
        0..45 => users.pick_hot(user, rng).map(|task_id| {
            Write::Update(UpdateTaskRequest {
                task_id,
                title: title.clone(),
                update_mask: Some(FieldMask {
                    paths: vec!["title".to_owned()],
                }),
                request_id: request_id.clone(),
                ..UpdateTaskRequest::default()
            })
        }),
        45..70 => users.take_occurrence(user).map(|task_id| {
            Write::Complete(CompleteTaskRequest {
                task_id,
                request_id: request_id.clone(),
                ..CompleteTaskRequest::default()
            })
        }),
        70..78 => users.take_old(user).map(|task_id| {
            Write::Delete(DeleteTaskRequest {
                task_id,
                request_id: request_id.clone(),
                ..DeleteTaskRequest::default()
            })
        }),
        _ => None,
    };
    on_task.unwrap_or_else(|| {
        let mut request = CreateTaskRequest {
            title,
            request_id,
            ..CreateTaskRequest::default()
        };
        match rng.random_range(0..10) {
            0..2 => {
                let delay = Duration::from_millis(rng.random_range(REMINDER_DELAY_MS));
                request.reminders = vec![ReminderSetting {
                    when: Some(When::AtTime(from_now(delay))),
                }];
            }
            2..4 => {
                request.due_time = Some(from_now(DUE));
                request.time_zone = "Europe/Berlin".to_owned();
                request.recurrence_rule = "FREQ=DAILY".to_owned();
                request.muted = true;
            }
            // Shares a transaction with others, which a call with an id does not.
            4..7 => request.request_id.clear(),
            _ => {}
        }
        Write::Create(request)
    })
}

impl Write {
    /// Returns whether it can be repeated.
    fn has_id(&self) -> bool {
        !matches!(self, Self::Create(request) if request.request_id.is_empty())
    }

    async fn call(
        &self,
        mut client: TaskServiceClient<Channel>,
        bearer: &Bearer,
    ) -> Result<Task, Status> {
        let answer = match self.clone() {
            Self::Create(message) => {
                client
                    .create_task(bearer.request(message, CALL_TIMEOUT))
                    .await
            }
            Self::Update(message) => {
                client
                    .update_task(bearer.request(message, CALL_TIMEOUT))
                    .await
            }
            Self::Complete(message) => {
                client
                    .complete_task(bearer.request(message, CALL_TIMEOUT))
                    .await
            }
            Self::Delete(message) => {
                client
                    .delete_task(bearer.request(message, CALL_TIMEOUT))
                    .await
            }
        };
        answer.map(Response::into_inner)
    }
}

fn from_now(delay: Duration) -> Timestamp {
    timestamp(Clock::system().now() + delay)
}
