//! Consumer loop: polls, passes each record to its partition's worker, commits offsets of completed records.
//!
//! Promise: an event has its effect once, in the order of its key. The effect and the inbox row are one commit; the offset
//! follows, so a crash in between delivers the event again and the inbox drops it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use rdkafka::{
    ClientConfig, Message, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{CommitMode, Consumer, StreamConsumer},
    error::KafkaError,
    message::OwnedMessage,
    types::RDKafkaErrorCode,
};
use taskmesh_proto::topics::Topic;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::{Instant, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{debug, error, warn};

use super::{
    KafkaConfig,
    backpressure::{Load, weight},
    breaker::Breaker,
    dead_letter::DeadLetters,
    handler::EventHandler,
    inbox,
    initial_offsets::commit_beginnings,
    metrics,
    partition::PartitionWorker,
    rebalance::{LoopContext, Progress},
    schema_registry::ValueFormat,
    worker_context::WorkerContext,
};
use crate::{BoxError, backoff::Backoff, postgres::Database};

const COMMIT_EVERY: Duration = Duration::from_millis(500);
const CLEAN_EVERY: Duration = Duration::from_secs(3600);
const CLEAN_TIMEOUT: Duration = Duration::from_secs(10);
/// Longer than any topic keeps its records.
const INBOX_KEEP: chrono::TimeDelta = chrono::TimeDelta::days(31);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
const RESTART: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(10));

/// Consumer of one topic in one service.
pub(crate) struct ConsumerLoop<H> {
    config: KafkaConfig,
    topic: &'static Topic,
    shared: Arc<WorkerContext<H>>,
    drained: UnboundedReceiver<i32>,
}

struct Worker {
    queue: UnboundedSender<OwnedMessage>,
    load: Arc<Load>,
    revoked: CancellationToken,
}

impl<H: EventHandler> ConsumerLoop<H> {
    pub(crate) fn new(
        config: KafkaConfig,
        topic: &'static Topic,
        service: &'static str,
        handler: H,
        database: Database,
        stopping: CancellationToken,
    ) -> Self {
        let (drained_sender, drained) = unbounded_channel();
        let shared = WorkerContext {
            handler,
            database,
            dead_letters: DeadLetters::new(&config, topic, service),
            progress: Progress::default(),
            breaker: Breaker::new(topic.name),
            stopping,
            topic: topic.name,
            data_schema: topic.message,
            full_topic: config.topic_name(topic.name),
            format: ValueFormat::of(&config, topic),
            drained: drained_sender,
        };
        Self {
            config,
            topic,
            shared: Arc::new(shared),
            drained,
        }
    }

    /// Runs until the process stops; a consumer that failed for good is replaced.
    pub(crate) async fn run(mut self) -> Result<(), BoxError> {
        metrics::describe();
        self.shared.dead_letters.prepare().await;
        self.consume_until_stopped().await;
        // The next consumer of a record writes an unacknowledged dead letter again.
        let closing = self.shared.dead_letters.give_up();
        if timeout(CLOSE_TIMEOUT, closing).await.is_err() {
            debug!("dead-letter producer did not close in time");
        }
        Ok(())
    }

    async fn consume_until_stopped(&mut self) {
        let mut failures = 0;
        loop {
            let started = Instant::now();
            match self.consume().await {
                Ok(()) => return,
                Err(cause) => {
                    error!(error = %cause, "consumer of {} failed, replacing it", self.topic.name);
                    metrics::replaced(self.topic.name);
                }
            }
            tokio::select! {
                () = self.shared.stopping.cancelled() => return,
                () = tokio::time::sleep(RESTART.delay_after(started, &mut failures)) => {}
            }
        }
    }

    async fn consume(&mut self) -> Result<(), BoxError> {
        let topic = self.shared.full_topic.clone();
        self.commit_beginnings(&topic).await?;
        let (assigned_sender, mut assigned) = unbounded_channel();
        let context = LoopContext {
            assigned: assigned_sender,
            topic: topic.clone(),
            group: self.shared.dead_letters.group.clone(),
            progress: self.shared.progress.clone(),
        };
        let consumer: Arc<StreamConsumer<LoopContext>> =
            Arc::new(self.client_config().create_with_context(context)?);
        consumer.subscribe(&[&topic])?;
        let workers = TaskTracker::new();
        let result = self.poll(&consumer, &topic, &mut assigned, &workers).await;

        // Workers finish the records in flight.
        if result.is_err() {
            self.shared.progress.abandon();
        }
        workers.close();
        workers.wait().await;
        close(consumer, self.shared.progress.clone(), topic).await;
        result
    }

    async fn commit_beginnings(&self, topic: &str) -> Result<(), BoxError> {
        let (config, topic) = (self.client_config(), topic.to_owned());
        let committing = tokio::task::spawn_blocking(move || commit_beginnings(&config, &topic));
        tokio::select! {
            committed = committing => committed?,
            () = self.shared.stopping.cancelled() => Ok(()),
        }
    }

    async fn poll(
        &mut self,
        consumer: &Arc<StreamConsumer<LoopContext>>,
        topic: &str,
        assigned: &mut UnboundedReceiver<i32>,
        tracker: &TaskTracker,
    ) -> Result<(), BoxError> {
        let mut workers: HashMap<i32, Worker> = HashMap::new();
        let mut commit = tokio::time::interval(COMMIT_EVERY);
        let mut clean = tokio::time::interval(CLEAN_EVERY);
        let stopping = self.shared.stopping.clone();
        loop {
            tokio::select! {
                biased;
                () = stopping.cancelled() => return Ok(()),
                Some(partition) = assigned.recv() => {
                    if self.shared.progress.is_assigned(partition) {
                        self.worker(partition, &mut workers, tracker);
                    }
                }
                Some(partition) = self.drained.recv() => {
                    let mut list = TopicPartitionList::new();
                    list.add_partition(topic, partition);
                    if let Err(cause) = consumer.resume(&list) {
                        debug!(error = %cause, "partition {partition} of {topic} was revoked");
                    }
                }
                _ = commit.tick() => self.shared.progress.commit(consumer.as_ref(), topic, CommitMode::Async),
                // A statement that a failing database never answers must not block the loop.
                _ = clean.tick() => {
                    if timeout(CLEAN_TIMEOUT, self.clean()).await.is_err() {
                        warn!("inbox cleanup timed out, will retry");
                    }
                }
                // Last, so that a constant stream of records delays neither commits nor resumptions.
                received = consumer.recv() => match received {
                    Ok(message) => self.route(consumer, message.detach(), &mut workers, tracker),
                    Err(cause) if is_fatal(&cause) => return Err(cause.into()),
                    Err(KafkaError::MessageConsumption(RDKafkaErrorCode::AutoOffsetReset)) => self.report_lost_records(),
                    Err(cause) => debug!(error = %cause, "consumer of {topic} reported an error, continuing"),
                },
            }
        }
    }

    /// Reports lost records. Only an operator can decide whether to restore them before continuing.
    fn report_lost_records(&self) {
        let (topic, group) = (&self.shared.full_topic, &self.shared.dead_letters.group);
        error!(
            messaging.destination.name = %topic,
            messaging.consumer.group.name = %group,
            "partition of {topic} is stopped: the broker no longer has the next records of {group}; \
             to continue with the oldest available record, start the service with KAFKA__SKIP_LOST_RECORDS=true"
        );
        metrics::stopped(self.topic.name);
    }

    fn route(
        &self,
        consumer: &StreamConsumer<LoopContext>,
        message: OwnedMessage,
        workers: &mut HashMap<i32, Worker>,
        tracker: &TaskTracker,
    ) {
        let partition = message.partition();
        let worker = self.worker(partition, workers, tracker);
        if worker.load.add(weight(&message)) {
            let mut list = TopicPartitionList::new();
            list.add_partition(message.topic(), partition);
            if let Err(cause) = consumer.pause(&list) {
                warn!(error = %cause, "partition {partition} could not be paused");
            }
        }
        // Fails only when the partition was revoked; its next consumer gets the record again.
        let _ = worker.queue.send(message);
    }

    /// Returns the worker of a partition; starts one if there is none or it was revoked.
    fn worker<'a>(
        &self,
        partition: i32,
        workers: &'a mut HashMap<i32, Worker>,
        tracker: &TaskTracker,
    ) -> &'a Worker {
        let worker = workers
            .entry(partition)
            .or_insert_with(|| self.spawn_worker(partition, tracker));
        if worker.revoked.is_cancelled() {
            *worker = self.spawn_worker(partition, tracker);
        }
        worker
    }

    fn spawn_worker(&self, partition: i32, tracker: &TaskTracker) -> Worker {
        let (queue, records) = unbounded_channel();
        let load = Arc::new(Load::default());
        let revoked = self.shared.progress.revoked(partition);
        let shared = Arc::clone(&self.shared);
        let worker = PartitionWorker::new(shared, partition, Arc::clone(&load), revoked.clone());
        tracker.spawn(worker.run(records));
        Worker {
            queue,
            load,
            revoked,
        }
    }

    async fn clean(&self) {
        let deleted = match self.shared.database.connection().await {
            Ok(mut connection) => inbox::delete_old(&mut connection, INBOX_KEEP).await,
            Err(error) => Err(error),
        };
        if let Err(cause) = deleted {
            debug!(error = %cause, "inbox cleanup failed, will retry");
        }
    }

    fn client_config(&self) -> ClientConfig {
        let group = &self.shared.dead_letters.group;
        let mut config = self.config.client_config(group);
        let reset = if self.config.skip_lost_records {
            "earliest"
        } else {
            "error"
        };
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("isolation.level", "read_committed")
            .set("check.crcs", "true")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", "10000")
            .set("heartbeat.interval.ms", "2000")
            .set("max.poll.interval.ms", "60000")
            .set("queued.max.messages.kbytes", "16384")
            .set("queued.min.messages", "1000")
            // By default a full queue is refilled only after a second.
            .set("fetch.queue.backoff.ms", "20")
            .set("statistics.interval.ms", "5000")
            .set("allow.auto.create.topics", "false")
            .set("topic.metadata.refresh.interval.ms", "30000")
            // Each partition has an initial offset; a partition whose next record is gone must not skip others silently.
            .set("auto.offset.reset", reset)
            // New records end the wait; it only delays the first record of a resumed partition.
            .set("fetch.wait.max.ms", "1000")
            .set_log_level(RDKafkaLogLevel::Warning);
        if let Some(instance) = &self.config.group_instance_id {
            // Each topic has its own consumer, which needs its own name.
            config.set(
                "group.instance.id",
                format!("{instance}.{}", self.topic.name),
            );
        }
        config
    }
}

fn is_fatal(error: &KafkaError) -> bool {
    use rdkafka::types::RDKafkaErrorCode::Fatal;
    matches!(
        error,
        KafkaError::MessageConsumptionFatal(_) | KafkaError::MessageConsumption(Fatal)
    )
}

/// Commits completed offsets and leaves the group. Both can block while the coordinator is unavailable, so they run on a separate thread with
/// a deadline; the inbox drops records whose offset was not committed.
async fn close(consumer: Arc<StreamConsumer<LoopContext>>, progress: Progress, topic: String) {
    let closing = tokio::task::spawn_blocking(move || {
        progress.commit(consumer.as_ref(), &topic, CommitMode::Sync);
        drop(consumer);
    });
    if timeout(CLOSE_TIMEOUT, closing).await.is_err() {
        warn!("consumer did not close in time; its group membership ends by session timeout");
    }
}
