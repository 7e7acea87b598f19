use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, RwLock},
    time::Duration,
};

use bytes::Bytes;
use service_runtime::{
    clock::{Clock, from_timestamp},
    ids::UserId,
    kafka::{Beginning, TopicReader, TopicRecord, partition_of},
};
use tokio::{sync::watch, time::timeout};
use tracing::{error, info, warn};
use uuid::Uuid;

use super::{PartitionLog, ReadRecord};
use crate::{config::FeedConfig, error::Error, metrics};

/// Wait of a stream for a replica that has just started.
const PATIENCE: Duration = Duration::from_secs(5);

/// The changes of all users: a log of each partition of the topic.
pub struct Feed {
    bounds: FeedConfig,
    clock: Clock,
    logs: RwLock<Vec<Arc<PartitionLog>>>,
    /// The partitions that have not been read to their ends since the start.
    behind: Mutex<Option<BTreeSet<i32>>>,
    is_ready: watch::Sender<bool>,
}

impl Feed {
    /// Returns a feed that has read nothing yet.
    pub fn new(config: FeedConfig, clock: Clock) -> Self {
        Self {
            bounds: config,
            clock,
            logs: RwLock::default(),
            behind: Mutex::default(),
            is_ready: watch::Sender::new(false),
        }
    }

    /// Returns the log that has a user's changes, once the topic has been read to its end.
    ///
    /// # Errors
    ///
    /// Fails if that takes longer than a moment.
    pub async fn log_of(&self, user: &UserId) -> Result<Arc<PartitionLog>, Error> {
        let mut is_ready = self.is_ready.subscribe();
        let waiting = timeout(PATIENCE, is_ready.wait_for(|is_ready| *is_ready));
        if !waiting.await.is_ok_and(|waited| waited.is_ok()) {
            return Err(Error::NotReady);
        }
        let logs = self.logs.read().expect("no holder of this lock panics");
        let partitions = i32::try_from(logs.len()).map_err(|_| Error::NotReady)?;
        if partitions == 0 {
            return Err(Error::NotReady);
        }
        let partition = partition_of(user.as_ref().as_bytes(), partitions);
        self.get(&logs, partition).ok_or(Error::NotReady)
    }

    fn get(&self, logs: &[Arc<PartitionLog>], partition: i32) -> Option<Arc<PartitionLog>> {
        let at = usize::try_from(partition).ok()?;
        logs.get(at).cloned()
    }

    fn log(&self, partition: i32) -> Option<(Arc<PartitionLog>, i32)> {
        let logs = self.logs.read().expect("no holder of this lock panics");
        let partitions = i32::try_from(logs.len()).ok()?;
        Some((self.get(&logs, partition)?, partitions))
    }

    /// Returns the event id of a record, and the user with the encoded change; none, and a log line, if it is no change.
    fn change(&self, record: &TopicRecord, partitions: i32) -> (Uuid, Option<(String, Bytes)>) {
        let (partition, offset) = (record.partition, record.offset);
        let ReadRecord { event_id, change } = ReadRecord::new(record);
        let (change, message) = match change {
            Ok(change) => change,
            Err(reason) => {
                warn!(
                    messaging.destination.partition.id = partition,
                    messaging.kafka.offset = offset,
                    "record {offset} of partition {partition} is not a valid change, skipping: {reason}"
                );
                metrics::record("refused");
                return (event_id, None);
            }
        };
        if partition_of(&record.key, partitions) != partition {
            error!(
                messaging.destination.partition.id = partition,
                messaging.kafka.offset = offset,
                "record {offset} is in partition {partition}, which does not match its key, skipping: the number of partitions of the topic must not change"
            );
            metrics::record("misplaced");
            return (event_id, None);
        }
        // Those from before the start are late for no fault of anybody.
        if let (Some(time), true) = (
            change.event_time.and_then(from_timestamp),
            *self.is_ready.borrow(),
        ) {
            let delay = self.clock.now() - time;
            metrics::delay(delay.to_std().unwrap_or_default());
        }
        metrics::record("told");
        (event_id, Some((change.user_id, message)))
    }
}

impl TopicReader for Feed {
    fn begins(&self, beginning: Beginning) {
        let Beginning {
            partition,
            partitions,
            offset,
        } = beginning;
        let all = 0..partitions;
        let mut behind = self.behind.lock().expect("no holder of this lock panics");
        behind.get_or_insert_with(|| all.clone().collect());
        drop(behind);
        let mut logs = self.logs.write().expect("no holder of this lock panics");
        let known = i32::try_from(logs.len()).unwrap_or(i32::MAX);
        if known != partitions {
            // Users move to other partitions, so every stream gets a resync.
            for log in logs.drain(..) {
                log.begin(0);
            }
            logs.extend(all.map(|partition| Arc::new(PartitionLog::new(partition, self.bounds))));
        }
        let log = self.get(&logs, partition);
        drop(logs);
        if let Some(log) = log {
            info!("reading partition {partition} from offset {offset}");
            log.begin(offset);
        }
    }

    fn read(&self, record: TopicRecord) {
        let offset = record.offset;
        let Some((log, partitions)) = self.log(record.partition) else {
            return;
        };
        let (event_id, change) = self.change(&record, partitions);
        let change = change
            .as_ref()
            .map(|(user, message)| (user.as_str(), message.clone()));
        log.push(offset, event_id, change);
    }

    fn caught_up(&self, partition: i32) {
        let mut behind = self.behind.lock().expect("no holder of this lock panics");
        let Some(partitions) = behind.as_mut() else {
            return;
        };
        partitions.remove(&partition);
        if partitions.is_empty() && !self.is_ready.send_replace(true) {
            info!("caught up with the topic, serving live changes");
        }
    }
}
