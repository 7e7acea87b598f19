use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use prost::Message;
use service_runtime::ids::UserId;
use taskmesh_proto::realtime::v1::{self as pb, ResyncReason, watch_response::Event};
use tokio::time::timeout;
use uuid::Uuid;

use super::snapshot::Snapshot;
use crate::{
    app::App,
    domain::{Matching, Position},
    error::Error,
    feed::{Change, StreamPermit, Subscription, Taken},
    metrics,
};

/// How many changes are taken and asked about at once.
const BATCH: usize = 64;

/// A stream to one client.
pub struct Watching {
    app: Arc<App>,
    user: UserId,
    matching: Matching,
    subscription: Subscription,
    phase: Phase,
    /// What is to be said next.
    prepared: VecDeque<pb::WatchResponse>,
    /// Counts the stream for as long as it lasts.
    _permit: StreamPermit,
}

/// How far a stream is.
#[derive(Debug)]
pub(super) enum Phase {
    /// It begins behind a position, with the changes there that are no longer in memory.
    Begin { behind: Position, past: Vec<Change> },
    /// It tells what there is.
    Snapshot(Snapshot),
    /// It tells what changes.
    Live,
    /// It tells that changes are missing.
    Resync(ResyncReason),
    /// It has told everything.
    Ended,
}

impl Watching {
    pub(super) fn new(
        app: Arc<App>,
        user: UserId,
        matching: Matching,
        subscription: Subscription,
        phase: Phase,
        permit: StreamPermit,
    ) -> Self {
        Self {
            app,
            user,
            matching,
            subscription,
            phase,
            prepared: VecDeque::new(),
            _permit: permit,
        }
    }

    /// Returns the next message; none at the end, and an error is the last.
    ///
    /// Nothing is read ahead of the client: one that does not take its messages falls behind in the feed, and is told so.
    pub async fn next(&mut self) -> Option<Result<pb::WatchResponse, Error>> {
        loop {
            if let Some(message) = self.prepared.pop_front() {
                metrics::message(kind(&message));
                return Some(Ok(message));
            }
            if matches!(self.phase, Phase::Ended) {
                return None;
            }
            let stopping = self.app.stopping.clone();
            let prepared = tokio::select! {
                biased;
                () = stopping.cancelled() => Err(Error::Stopping),
                prepared = self.prepare() => prepared,
            };
            if let Err(error) = prepared {
                self.phase = Phase::Ended;
                return Some(Err(error));
            }
        }
    }

    /// Prepares what is to be said next, or waits for it.
    async fn prepare(&mut self) -> Result<(), Error> {
        match &mut self.phase {
            Phase::Begin { behind, past } => {
                let (behind, past) = (*behind, std::mem::take(past));
                self.phase = Phase::Live;
                self.say(behind, Event::Live(pb::Live {}));
                for changes in past.chunks(BATCH) {
                    self.tell(changes).await?;
                }
            }
            Phase::Snapshot(snapshot) => {
                // In a box, as whatever else is seldom done: a stream that waits keeps room for the largest thing that it may do.
                let next = Box::pin(snapshot.next(&self.app, &self.user, &self.matching));
                match next.await? {
                    Some(part) => self.prepared.push_back(pb::WatchResponse {
                        resume_token: String::new(),
                        event: Some(Event::Snapshot(part)),
                    }),
                    None => {
                        self.phase = Phase::Live;
                        let position = self.subscription.position();
                        self.say(position, Event::Live(pb::Live {}));
                    }
                }
            }
            Phase::Live => self.follow().await?,
            Phase::Resync(reason) => {
                let reason = *reason;
                metrics::resync(reason.as_str_name());
                self.phase = Phase::Ended;
                let resync = pb::Resync {
                    reason: reason.into(),
                };
                self.prepared.push_back(pb::WatchResponse {
                    resume_token: String::new(),
                    event: Some(Event::Resync(resync)),
                });
            }
            Phase::Ended => {}
        }
        Ok(())
    }

    /// Tells the next changes; waits for them no longer than a client goes without a sign of life.
    async fn follow(&mut self) -> Result<(), Error> {
        let mut taken = self.take();
        if taken == Taken::Nothing {
            let heartbeat = self.app.watch.heartbeat();
            let waited = timeout(heartbeat, self.subscription.changed()).await;
            taken = self.take();
            if waited.is_err() && taken == Taken::Nothing {
                let position = self.subscription.position();
                self.say(position, Event::Heartbeat(pb::Heartbeat {}));
            }
        }
        match taken {
            Taken::Changes(changes) => self.tell(&changes).await?,
            Taken::Nothing => {}
            Taken::TooSlow => self.phase = Phase::Resync(ResyncReason::TooSlow),
            Taken::Lost => self.phase = Phase::Resync(ResyncReason::Lost),
        }
        Ok(())
    }

    fn take(&mut self) -> Taken {
        self.subscription.take(BATCH, self.app.watch.max_pending)
    }

    /// Prepares to tell changes: those of tasks that do not match as such.
    async fn tell(&mut self, changes: &[Change]) -> Result<(), Error> {
        let matching = self.matching(changes).await?;
        for Change { position, told } in changes {
            let unmatched = told
                .task
                .filter(|task| matching.as_ref().is_some_and(|ids| !ids.contains(&task.id)));
            let event = match unmatched {
                Some(task) => Event::Unmatched(pb::Unmatched {
                    task_id: task.id.to_string(),
                    task_version: task.version,
                }),
                None => {
                    let change = pb::TaskChange::decode(told.message.clone());
                    Event::Change(change.expect("it decoded when it was read").into())
                }
            };
            self.say(*position, event);
        }
        Ok(())
    }

    /// Returns which of the tasks that changed match now; none if all do.
    async fn matching(&self, changes: &[Change]) -> Result<Option<HashSet<Uuid>>, Error> {
        if self.matching.is_everything() {
            return Ok(None);
        }
        let tasks = changes.iter().filter_map(|change| change.told.task);
        let ids: HashSet<Uuid> = tasks.map(|task| task.id).collect();
        if ids.is_empty() {
            return Ok(None);
        }
        let ids = ids.into_iter().collect();
        let matching = self.app.tasks.matching(&self.user, &self.matching, ids);
        Box::pin(matching).await.map(Some)
    }

    fn say(&mut self, position: Position, event: Event) {
        self.prepared.push_back(pb::WatchResponse {
            resume_token: self.app.keys.seal(&self.user, &position),
            event: Some(event),
        });
    }
}

fn kind(message: &pb::WatchResponse) -> &'static str {
    match &message.event {
        Some(Event::Snapshot(_)) => "snapshot",
        Some(Event::Live(_)) => "live",
        Some(Event::Change(_)) => "change",
        Some(Event::Unmatched(_)) => "unmatched",
        Some(Event::Heartbeat(_)) => "heartbeat",
        Some(Event::Resync(_)) => "resync",
        None => "other",
    }
}
