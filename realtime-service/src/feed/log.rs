use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use bytes::Bytes;
use service_runtime::ids::UserId;
use tokio::sync::watch;
use uuid::Uuid;

use super::{Change, Subscription, Taken, recent::RecentEvents, subscription::Place};
use crate::{config::FeedConfig, domain::Position};

/// Number of remembered event ids, more than a relay sends again after a crash.
const RECENT_EVENTS: usize = 20_000;
/// Approximate memory of a record besides its message.
const RECORD_BYTES: usize = 120;

/// The last records of one partition, and who waits for the next ones.
#[derive(Debug)]
pub struct PartitionLog {
    partition: i32,
    bounds: FeedConfig,
    inner: Mutex<Inner>,
    /// The offset of the last record, for streams that wait for it.
    reached: watch::Sender<i64>,
}

/// Reason why a stream cannot resume at a position of this log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscribeError {
    /// The records after it are no longer kept; they are from this offset on.
    Before(i64),
    /// The log is not so far yet.
    Ahead,
    /// Another event is in its place.
    Unknown,
}

#[derive(Debug)]
struct Inner {
    records: VecDeque<Record>,
    bytes: usize,
    /// Position of the last record.
    last: Position,
    /// Position of the last dropped record.
    before: Position,
    /// Changes when what comes does not connect to what was there.
    generation: u64,
    users: HashMap<Arc<str>, UserIndex>,
    recent: RecentEvents,
}

#[derive(Debug)]
struct Record {
    offset: i64,
    event_id: Uuid,
    /// User, if the record is a change.
    user: Option<Arc<str>>,
    /// Memory, about.
    bytes: usize,
}

/// Changes and listeners of one user.
#[derive(Debug)]
struct UserIndex {
    /// The user's changes that are kept.
    changes: VecDeque<Change>,
    /// The offset of the last one that no longer is.
    forgotten: i64,
    notifier: watch::Sender<()>,
}

impl UserIndex {
    fn new() -> Self {
        Self {
            changes: VecDeque::new(),
            forgotten: i64::MIN,
            notifier: watch::Sender::new(()),
        }
    }

    fn is_idle(&self, listeners: usize) -> bool {
        self.changes.is_empty() && self.notifier.receiver_count() <= listeners
    }
}

impl PartitionLog {
    pub fn new(partition: i32, bounds: FeedConfig) -> Self {
        let nowhere = Position {
            partition,
            offset: -1,
            event_id: Uuid::nil(),
        };
        Self {
            partition,
            bounds,
            inner: Mutex::new(Inner {
                records: VecDeque::new(),
                bytes: 0,
                last: nowhere,
                before: nowhere,
                generation: 0,
                users: HashMap::new(),
                recent: RecentEvents::new(RECENT_EVENTS),
            }),
            reached: watch::Sender::new(-1),
        }
    }

    pub fn partition(&self) -> i32 {
        self.partition
    }

    /// Restarts at an offset: earlier records do not connect to the next ones. Every stream gets a resync.
    pub fn begin(&self, offset: i64) {
        let mut inner = self.lock();
        let nowhere = Position {
            partition: self.partition,
            offset: offset - 1,
            event_id: Uuid::nil(),
        };
        inner.records.clear();
        inner.bytes = 0;
        inner.last = nowhere;
        inner.before = nowhere;
        inner.generation += 1;
        for user_index in inner.users.values_mut() {
            user_index.changes.clear();
            user_index.notifier.send_replace(());
        }
        inner.users.retain(|_, user_index| !user_index.is_idle(0));
        drop(inner);
        self.reached.send_replace(offset - 1);
    }

    /// Appends a record: the user and the encoded change, or none if it is no change.
    pub fn push(&self, offset: i64, event_id: Uuid, change: Option<(&str, Bytes)>) {
        let mut inner = self.lock();
        let is_new = event_id.is_nil() || inner.recent.add(event_id);
        let position = Position {
            partition: self.partition,
            offset,
            event_id,
        };
        let mut bytes = RECORD_BYTES;
        let user = change.filter(|_| is_new).map(|(user, message)| {
            bytes += message.len();
            let (user, user_index) = inner.user_index(user);
            user_index.changes.push_back(Change { position, message });
            user_index.notifier.send_replace(());
            user
        });
        inner.bytes += bytes;
        inner.records.push_back(Record {
            offset,
            event_id,
            user,
            bytes,
        });
        inner.last = position;
        let max_records = usize::try_from(self.bounds.max_records).unwrap_or(usize::MAX);
        while inner.records.len() > max_records || inner.bytes > self.bounds.max_bytes {
            inner.forget_oldest();
        }
        drop(inner);
        self.reached.send_replace(offset);
    }

    /// Waits until the log has come to an offset.
    pub async fn reached(&self, offset: i64) {
        let mut reached = self.reached.subscribe();
        // Fails only when the log is gone, which the caller holds.
        let _ = reached.wait_for(|last| *last >= offset).await;
    }

    /// Begins a stream of a user's changes with those that come from now on.
    pub fn subscribe(self: &Arc<Self>, user: &UserId) -> Subscription {
        let mut inner = self.lock();
        let last = inner.last;
        self.subscription(&mut inner, user, last)
    }

    /// Begins a stream of a user's changes with those behind a position.
    ///
    /// # Errors
    ///
    /// Fails if the log does not have all of them.
    pub fn subscribe_behind(
        self: &Arc<Self>,
        user: &UserId,
        position: Position,
    ) -> Result<Subscription, SubscribeError> {
        let mut inner = self.lock();
        inner.find(position)?;
        Ok(self.subscription(&mut inner, user, position))
    }

    fn subscription(
        self: &Arc<Self>,
        inner: &mut Inner,
        user: &UserId,
        position: Position,
    ) -> Subscription {
        let (user, user_index) = inner.user_index(user.as_ref());
        let notifier = user_index.notifier.subscribe();
        let place = Place {
            position,
            generation: inner.generation,
        };
        Subscription::new(Arc::clone(self), user, notifier, place)
    }

    /// Moves a stream on by up to so many changes of its user, if it is not more behind than it may be.
    pub(super) fn take(
        &self,
        user: &str,
        place: &mut Place,
        most: usize,
        most_pending: usize,
    ) -> Taken {
        let inner = self.lock();
        if inner.generation != place.generation {
            return Taken::Lost;
        }
        let Some(user_index) = inner.users.get(user) else {
            place.position = inner.last;
            return Taken::Nothing;
        };
        let at = place.position.offset;
        let is_seen = |change: &Change| change.position.offset <= at;
        let begin = user_index.changes.partition_point(is_seen);
        let pending = user_index.changes.range(begin..);
        if user_index.forgotten > at || pending.len() > most_pending {
            return Taken::TooSlow;
        }
        if pending.len() == 0 {
            // The changes of others are nothing to wait for.
            if inner.last.offset > at {
                place.position = inner.last;
            }
            return Taken::Nothing;
        }
        let changes: Vec<Change> = pending.take(most).cloned().collect();
        if let Some(last) = changes.last() {
            place.position = last.position;
        }
        Taken::Changes(changes)
    }

    /// Notes that a stream of a user is ending, which still has its notifier.
    pub(super) fn left(&self, user: &str) {
        let mut inner = self.lock();
        let user_index = inner.users.get(user);
        if user_index.is_some_and(|user_index| user_index.is_idle(1)) {
            inner.users.remove(user);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no holder of this lock panics")
    }
}

impl Inner {
    fn user_index(&mut self, user: &str) -> (Arc<str>, &mut UserIndex) {
        let known = self.users.get_key_value(user).map(|(user, _)| user);
        let user = known.map_or_else(|| Arc::from(user), Arc::clone);
        let user_index = self.users.entry(Arc::clone(&user));
        (user, user_index.or_insert_with(UserIndex::new))
    }

    fn record(&self, offset: i64) -> Option<&Record> {
        let at = self
            .records
            .binary_search_by_key(&offset, |record| record.offset);
        self.records.get(at.ok()?)
    }

    /// Makes sure that everything behind a position is here.
    fn find(&self, position: Position) -> Result<(), SubscribeError> {
        let Position {
            offset, event_id, ..
        } = position;
        if offset > self.last.offset {
            return Err(SubscribeError::Ahead);
        }
        if offset < self.before.offset {
            return Err(SubscribeError::Before(self.before.offset + 1));
        }
        let known = match offset == self.before.offset {
            true => Some(self.before.event_id),
            false => self.record(offset).map(|record| record.event_id),
        };
        match known {
            // One that was not seen, here or when the token was made, cannot contradict.
            Some(known) if known == event_id || known.is_nil() || event_id.is_nil() => Ok(()),
            _ => Err(SubscribeError::Unknown),
        }
    }

    fn forget_oldest(&mut self) {
        let Some(record) = self.records.pop_front() else {
            return;
        };
        self.bytes -= record.bytes;
        self.before = Position {
            offset: record.offset,
            event_id: record.event_id,
            ..self.before
        };
        if let Some(user) = &record.user
            && let Some(user_index) = self.users.get_mut(user)
        {
            user_index.changes.pop_front();
            user_index.forgotten = record.offset;
            if user_index.is_idle(0) {
                self.users.remove(user);
            }
        }
    }
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
