//! Writers that never give up: each call that is not answered is made again with the same request id.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use service_runtime::{BoxError, grpc, ids::UserId};
use taskmesh_proto::task::v1::{Task, task_service_client::TaskServiceClient};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;
use tonic::{
    Code, Request, Status,
    metadata::{Ascii, MetadataValue},
    transport::Channel,
};
use url::Url;

use super::{
    dice::Dice,
    pulse::Pulse,
    users::Users,
    write::{Write, draw},
};
use taskmesh::token;

const WRITERS: usize = 32;
/// How long a caller waits before it tries the other instance.
const CALL_TIMEOUT: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(100);
/// How long calls are made again after the end of the load.
const LAST_PATIENCE: Duration = Duration::from_secs(60);
pub const TOKEN_TTL: Duration = Duration::from_secs(24 * 3600);
/// What the purposes of the writers' dice begin with.
const PURPOSE: u64 = 1_000;

/// A write that was answered.
#[derive(Debug, Clone)]
pub struct Answered {
    pub task_id: String,
    pub version: i64,
    /// The title that only this call has written, if it has written one.
    pub title: Option<String>,
}

/// What the callers know in the end.
#[derive(Debug, Default)]
pub struct Ledger {
    answered: Mutex<Vec<Answered>>,
    refused: Mutex<BTreeMap<String, u64>>,
    repeated: AtomicU64,
    unanswered: AtomicU64,
}

/// The load while it lasts.
pub struct Load {
    writers: JoinSet<()>,
    stopping: CancellationToken,
}

/// What all writers share.
pub struct Shared {
    pub ledger: Arc<Ledger>,
    pub users: Arc<Users>,
    pub pulse: Arc<Pulse>,
}

impl Ledger {
    /// Returns the answered writes.
    pub fn answered(&self) -> Vec<Answered> {
        self.answered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Returns how many calls were refused, by the code of the refusal.
    pub fn refused(&self) -> BTreeMap<String, u64> {
        self.refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Returns how many calls were made again, and how many were never answered.
    pub fn repeated_and_unanswered(&self) -> (u64, u64) {
        (
            self.repeated.load(Ordering::Relaxed),
            self.unanswered.load(Ordering::Relaxed),
        )
    }

    fn note(&self, answered: Answered) {
        self.answered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(answered);
    }

    fn note_refusal(&self, status: &Status) {
        *self
            .refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(format!("{:?}", status.code()))
            .or_default() += 1;
    }
}

impl Load {
    /// Starts writers that make so many calls a second together.
    pub fn start(
        seed: u64,
        rate: u32,
        urls: &[Url],
        secret: &str,
        shared: &Arc<Shared>,
    ) -> Result<Self, BoxError> {
        let stopping = CancellationToken::new();
        let mut writers = JoinSet::new();
        let every = Duration::from_secs(1) * u32::try_from(WRITERS)? / rate.max(1);
        for number in 0..WRITERS {
            let user = Users::of_writer(number);
            let token = token::mint(
                secret.to_owned(),
                &Users::name(user).parse::<UserId>()?,
                &[],
                TOKEN_TTL,
            )?;
            let writer = Writer {
                user,
                dice: Dice::new(seed, PURPOSE + u64::try_from(number)?),
                channels: urls.iter().map(grpc::connect).collect(),
                // Half of them begin with the one, half with the other.
                next: number,
                bearer: format!("Bearer {token}").parse()?,
                shared: Arc::clone(shared),
                stopping: stopping.clone(),
            };
            let first = every * u32::try_from(number)? / u32::try_from(WRITERS)?;
            writers.spawn(writer.run(first, every));
        }
        Ok(Self { writers, stopping })
    }

    /// Begins no more calls, and waits until those that were begun are answered or given up.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        while self.writers.join_next().await.is_some() {}
    }
}

struct Writer {
    user: usize,
    dice: Dice,
    channels: Vec<Channel>,
    next: usize,
    bearer: MetadataValue<Ascii>,
    shared: Arc<Shared>,
    stopping: CancellationToken,
}

impl Writer {
    async fn run(mut self, first: Duration, every: Duration) {
        sleep(first).await;
        let mut ticks = interval(every);
        // Nobody makes up for calls that could not be made.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let write = draw(&mut self.dice, self.user, &self.shared.users);
            match self.until_answered(&write).await {
                Some(Ok(task)) => self.learn(write, task),
                Some(Err(refusal)) => self.shared.ledger.note_refusal(&refusal),
                None => {
                    self.shared
                        .ledger
                        .unanswered
                        .fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    fn learn(&self, write: Write, task: Task) {
        self.shared.pulse.beat();
        self.shared.ledger.note(Answered {
            version: task.etag.parse().unwrap_or_default(),
            title: write.title().map(str::to_owned),
            task_id: task.id.clone(),
        });
        self.shared.users.learn(self.user, &write, &task);
    }

    /// Makes a call until it is answered: by a task, or by a refusal that is final.
    async fn until_answered(&mut self, write: &Write) -> Option<Result<Task, Status>> {
        let stopping = self.stopping.clone();
        let patience = async {
            stopping.cancelled().await;
            sleep(LAST_PATIENCE).await;
        };
        tokio::pin!(patience);
        loop {
            let channel = self.channels[self.next % self.channels.len()].clone();
            let call = tokio::time::timeout(
                CALL_TIMEOUT,
                write.send(TaskServiceClient::new(channel), &self.bearer),
            );
            tokio::select! {
                answer = call => match answer {
                    Ok(Ok(task)) => return Some(Ok(task)),
                    Ok(Err(refusal)) if is_final(refusal.code()) => return Some(Err(refusal)),
                    Ok(Err(_)) | Err(_) => {}
                },
                () = &mut patience => return None,
            }
            self.shared.ledger.repeated.fetch_add(1, Ordering::Relaxed);
            self.next += 1;
            sleep(PAUSE).await;
        }
    }
}

/// Tells whether the same call would be refused again; everything else may have gone wrong on the way.
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

/// Makes a request of a user.
pub fn request<T>(message: T, bearer: &MetadataValue<Ascii>) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(CALL_TIMEOUT);
    request
        .metadata_mut()
        .insert("authorization", bearer.clone());
    request
}
