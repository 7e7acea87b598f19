use std::{collections::VecDeque, sync::Arc};

use service_runtime::ids::UserId;
use taskmesh_proto::realtime::v1::{self as pb, ResyncReason, watch_response::Event};
use tokio::time::timeout;

use super::{
    snapshot::Snapshot,
    stream_filter::{StreamFilter, depends_on},
};
use crate::{
    app::App,
    domain::{Matching, Position},
    error::Error,
    feed::{Change, StreamPermit, Subscription, Taken},
    metrics,
};

const BATCH: usize = 64;

pub struct Watching {
    pub(super) app: Arc<App>,
    pub(super) user: UserId,
    pub(super) matching: Matching,
    /// Filter of tasks; none if all match.
    pub(super) filter: Option<StreamFilter>,
    pub(super) subscription: Subscription,
    pub(super) phase: Phase,
    pub(super) prepared: VecDeque<pb::WatchResponse>,
    /// Counts the stream for as long as it lasts.
    pub(super) _permit: StreamPermit,
}

#[derive(Debug)]
pub(super) enum Phase {
    /// Starts after a position, with the changes that are no longer in memory.
    Begin {
        behind: Position,
        past: Vec<Change>,
    },
    Snapshot(Snapshot),
    Live,
    /// Reports that changes are missing.
    Resync(ResyncReason),
    Ended,
}

impl Watching {
    /// Returns the next message; none at the end, and an error is the last.
    ///
    /// Nothing is read ahead of the client: one that does not read its messages falls behind in the feed and gets a resync.
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

    /// Prepares the next messages, or waits for changes.
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
                // In a box, because it is rare and would enlarge every waiting stream.
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

    /// Prepares messages for the next changes; waits for them at most one heartbeat interval.
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

    /// Prepares messages for changes: for tasks that do not match, only that they do not.
    async fn tell(&mut self, changes: &[Change]) -> Result<(), Error> {
        for read in changes {
            let change = read.decode();
            if self.filter.is_some() && depends_on(&self.matching, &change) {
                // In a box, because it is rare and would enlarge every waiting stream.
                let filter = StreamFilter::resolve(&self.app, &self.user, &self.matching);
                self.filter = Box::pin(filter).await?;
            }
            let event = match (&self.filter, &change.task) {
                (Some(filter), Some(task)) if !filter.matches(task, self.app.clock.now()) => {
                    Event::Unmatched(pb::Unmatched {
                        task_id: task.id.clone(),
                        task_version: change.task_version,
                    })
                }
                _ => Event::Change(change.into()),
            };
            self.say(read.position, event);
        }
        Ok(())
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
