//! Resumption of a stream at the position of a client.

use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex},
    time::Duration,
};

use service_runtime::{
    ids::UserId,
    kafka::{HistoryError, TopicRecord},
};
use taskmesh_proto::realtime::v1::ResyncReason;
use tokio::time::timeout;
use tracing::debug;

use crate::{
    app::App,
    domain::Position,
    error::Error,
    feed::{Change, PartitionLog, RESENT, ReadRecord, RecentEvents, SubscribeError, Subscription},
};

/// Wait of a stream for this replica to reach the position of its client.
const AHEAD_PATIENCE: Duration = Duration::from_secs(3);
/// Time limit for reading the history of one client; a resync is cheaper than more.
const PAST_PATIENCE: Duration = Duration::from_secs(5);
/// Maximum number of records of the history read for one client.
const MOST_PAST: i64 = 500_000;
/// The log may lose records while the past is read, and then the rest is read.
const TRIES: usize = 3;

/// Start of a stream.
pub enum CatchUp {
    /// Behind these changes of the past.
    Behind(Subscription, Vec<Change>),
    /// Nowhere: changes are missing.
    Missed(ResyncReason),
}

/// Subscribes after the position of a client; returns the subscription and the earlier changes to send first.
pub async fn catch_up(
    app: &App,
    user: &UserId,
    log: &Arc<PartitionLog>,
    mut position: Position,
) -> Result<CatchUp, Error> {
    if position.partition != log.partition() {
        return Ok(CatchUp::Missed(ResyncReason::Unknown));
    }
    let mut past = Vec::new();
    for _ in 0..TRIES {
        match log.subscribe_behind(user, position) {
            Ok(subscription) => return Ok(CatchUp::Behind(subscription, past)),
            Err(SubscribeError::Unknown) => return Ok(CatchUp::Missed(ResyncReason::Unknown)),
            Err(SubscribeError::Ahead) => {
                let reached = timeout(AHEAD_PATIENCE, log.reached(position.offset));
                if reached.await.is_err() {
                    return Ok(CatchUp::Missed(ResyncReason::Unknown));
                }
            }
            Err(SubscribeError::Before(begin)) => {
                match read_past(app, user, position, begin).await? {
                    Ok(read) => {
                        position = read.end;
                        past.extend(read.changes);
                    }
                    Err(reason) => return Ok(CatchUp::Missed(reason)),
                }
                if past.len() > app.watch.max_pending {
                    return Ok(CatchUp::Missed(ResyncReason::TooOld));
                }
            }
        }
    }
    Ok(CatchUp::Missed(ResyncReason::TooOld))
}

/// Changes read from the history.
struct Past {
    user: UserId,
    /// Position before the first record; its own record, if there is one, must have its event.
    begin: Position,
    /// Behind what was read.
    end: Position,
    changes: Vec<Change>,
    most: usize,
    recent: RecentEvents,
    is_another: bool,
}

/// Reads the changes of a user behind a position, up to an offset; or says why not.
async fn read_past(
    app: &App,
    user: &UserId,
    begin: Position,
    end: i64,
) -> Result<Result<Past, ResyncReason>, Error> {
    // The record at the position shows whether this is still the same partition.
    let first = match begin.event_id.is_nil() {
        true => begin.offset + 1,
        false => begin.offset,
    };
    if end - first > MOST_PAST {
        return Ok(Err(ResyncReason::TooOld));
    }
    let past = Arc::new(Mutex::new(Past {
        user: user.clone(),
        begin,
        end: begin,
        changes: Vec::new(),
        most: app.watch.max_pending,
        recent: RecentEvents::new(usize::MAX),
        is_another: false,
    }));
    let reading = async {
        // Never closed.
        let _permit = app.past_readers.acquire().await;
        let collected = Arc::clone(&past);
        let each = move |record| {
            let mut past = collected.lock().expect("no holder of this lock panics");
            past.add(&record)
        };
        let past = &app.past;
        past.read(begin.partition, RESENT, first..end, each).await
    };
    match timeout(PAST_PATIENCE, reading).await {
        Ok(Ok(())) => {}
        Ok(Err(HistoryError::Gone(_))) | Err(_) => return Ok(Err(ResyncReason::TooOld)),
        Ok(Err(cause)) => return Err(Error::Past(cause)),
    }
    let past = Arc::into_inner(past).and_then(|past| past.into_inner().ok());
    Ok(match past {
        Some(past) if past.is_another => Err(ResyncReason::Unknown),
        Some(past) if past.end.offset + 1 == end => Ok(past),
        _ => Err(ResyncReason::TooOld),
    })
}

impl Past {
    fn add(&mut self, record: &TopicRecord) -> ControlFlow<()> {
        let ReadRecord { event_id, change } = ReadRecord::new(record);
        let is_new = event_id.is_nil() || self.recent.add(event_id);
        if record.offset <= self.begin.offset {
            let Position {
                offset,
                event_id: known,
                ..
            } = self.begin;
            self.is_another = record.offset == offset && !known.is_nil() && event_id != known;
            return match self.is_another {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            };
        }
        self.end = Position {
            offset: record.offset,
            event_id,
            ..self.begin
        };
        match change {
            Ok((change, message)) if is_new && change.user_id == self.user.as_ref() => {
                let position = self.end;
                self.changes.push(Change { position, message });
            }
            Ok(_) => {}
            Err(reason) => debug!("skipping record {}: {reason}", record.offset),
        }
        match self.changes.len() > self.most {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}
