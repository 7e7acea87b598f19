//! The broker as clients of librdkafka see it.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    consumer::{BaseConsumer, CommitMode, Consumer},
    producer::{FutureProducer, FutureRecord, Producer},
};
use tempfile::TempDir;

const TIMEOUT: Duration = Duration::from_secs(30);
const TOPIC: &str = "tasks";

/// The broker as a process of its own, which is killed with `kill -9` when it is dropped.
struct Process {
    child: Child,
    address: String,
}

impl Process {
    fn start(folder: &Path, port: u16) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_embedded-broker"))
            .arg(folder)
            .arg(port.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        Self { child, address }
    }

    fn port(&self) -> u16 {
        self.address.rsplit(':').next().unwrap().parse().unwrap()
    }

    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.address);
        config
    }

    fn producer(&self) -> FutureProducer {
        self.config()
            .set("enable.idempotence", "true")
            .create()
            .unwrap()
    }

    fn consumer(&self, instance: &str) -> BaseConsumer {
        self.config()
            .set("group.id", "readers")
            .set("group.instance.id", instance)
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest")
            .set("session.timeout.ms", "6000")
            .set("heartbeat.interval.ms", "200")
            .create()
            .unwrap()
    }

    fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.config().create().unwrap()
    }

    async fn create_topic(&self, partitions: i32) {
        let topic = NewTopic::new(TOPIC, partitions, TopicReplication::Fixed(1));
        let created = self
            .admin()
            .create_topics([&topic], &AdminOptions::new())
            .await
            .unwrap();
        assert_eq!(created, [Ok(TOPIC.to_owned())]);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn produce(producer: &FutureProducer, values: impl Iterator<Item = String>) {
    for value in values {
        let record = FutureRecord::to(TOPIC).key("key").payload(&value);
        producer.send(record, TIMEOUT).await.unwrap();
    }
}

/// Reads this many values.
fn values(consumer: &BaseConsumer, count: usize) -> Vec<String> {
    let mut values = Vec::new();
    let end = Instant::now() + TIMEOUT;
    while values.len() < count {
        assert!(Instant::now() < end, "only {values:?} in time");
        // A poll also ends with a rebalance, without a message.
        let Some(message) = consumer.poll(Duration::from_millis(100)) else {
            continue;
        };
        let message = message.unwrap();
        values.push(String::from_utf8(message.payload().unwrap().to_vec()).unwrap());
    }
    values
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_and_offsets_survive_kill() {
    let folder = TempDir::new().unwrap();
    let broker = Process::start(folder.path(), 0);
    let port = broker.port();
    broker.create_topic(1).await;
    let producer = broker.producer();
    produce(&producer, numbers(0..10).into_iter()).await;
    let consumer = broker.consumer("one");
    consumer.subscribe(&[TOPIC]).unwrap();
    assert_eq!(values(&consumer, 4), numbers(0..4));
    let mut offsets = TopicPartitionList::new();
    offsets
        .add_partition_offset(TOPIC, 0, Offset::Offset(4))
        .unwrap();
    consumer.commit(&offsets, CommitMode::Sync).unwrap();
    drop(broker);

    let broker = Process::start(folder.path(), port);
    // The same idempotent producer continues its sequence.
    produce(&producer, numbers(10..20).into_iter()).await;
    producer.flush(TIMEOUT).unwrap();
    let committed = broker.consumer("two");
    let mut asked = TopicPartitionList::new();
    asked.add_partition(TOPIC, 0);
    let committed = committed.committed_offsets(asked, TIMEOUT).unwrap();
    assert_eq!(committed.elements()[0].offset(), Offset::Offset(4));
    drop(consumer);
    let consumer = broker.consumer("one");
    consumer.subscribe(&[TOPIC]).unwrap();
    assert_eq!(values(&consumer, 16), numbers(4..20));
}

#[tokio::test(flavor = "multi_thread")]
async fn group_shares_partitions_between_static_members() {
    let folder = TempDir::new().unwrap();
    let broker = Process::start(folder.path(), 0);
    broker.create_topic(2).await;
    let consumers = [broker.consumer("one"), broker.consumer("two")];
    for consumer in &consumers {
        consumer.subscribe(&[TOPIC]).unwrap();
    }
    let end = Instant::now() + TIMEOUT;
    loop {
        let mut counts = Vec::new();
        for consumer in &consumers {
            let _ = consumer.poll(Duration::from_millis(100));
            counts.push(consumer.assignment().unwrap().count());
        }
        if counts == [1, 1] {
            break;
        }
        assert!(Instant::now() < end, "assigned {counts:?}");
    }
    let groups = consumers[0].fetch_group_list(Some("readers"), TIMEOUT);
    let groups = groups.unwrap();
    let group = &groups.groups()[0];
    assert_eq!((group.state(), group.members().len()), ("Stable", 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_records_move_the_start() {
    let folder = TempDir::new().unwrap();
    let broker = Process::start(folder.path(), 0);
    broker.create_topic(1).await;
    produce(&broker.producer(), numbers(0..5).into_iter()).await;
    let mut before = TopicPartitionList::new();
    before
        .add_partition_offset(TOPIC, 0, Offset::Offset(3))
        .unwrap();
    let deleted = broker
        .admin()
        .delete_records(&before, &AdminOptions::new())
        .await
        .unwrap();
    assert_eq!(deleted.count(), 1);
    let consumer = broker.consumer("one");
    assert_eq!(
        consumer.fetch_watermarks(TOPIC, 0, TIMEOUT).unwrap(),
        (3, 5)
    );
    consumer.subscribe(&[TOPIC]).unwrap();
    assert_eq!(values(&consumer, 2), numbers(3..5));
}
