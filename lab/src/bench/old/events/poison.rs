use std::time::{Duration, Instant};

use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{Consumer, StreamConsumer},
    message::{Header, OwnedHeaders},
    producer::{FutureProducer, FutureRecord},
};
use service_runtime::{BoxError, Service, ids::Ids, kafka::KafkaConfig};
use taskmesh_proto::topics::TASK_REMINDERS;
use tokio::time::{interval, timeout};

use super::{
    changes::{KIND, change},
    command::Arguments,
    follower::Follower,
    latency::write,
    service::{self, EventsBench},
    stage::{Parts, Stage},
};
use crate::bench::old::{
    load::Bounds,
    report::{Bound, Figures, Line, Measure, Page},
};
use taskmesh::topics::{Cluster, DeclaredTopic};

/// How often both are measured, in turn, so that neither has the better time.
const ROUNDS: usize = 3;
/// Until the consumer handles what comes in batches.
const WARM_UP: Duration = Duration::from_secs(3);
const EVERY: Duration = Duration::from_millis(250);
const PATIENCE: Duration = Duration::from_secs(30);
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(10);
const GOAL_MS: f64 = 1_000.0;
const MOST_PERCENT: f64 = 200.0;

/// Puts records that do not decode among the others: how soon they are dead letters, and what they cost the others.
pub async fn measure(
    stage: &Stage,
    arguments: &Arguments,
    page: &mut Page,
) -> Result<(), BoxError> {
    stage.clear().await?;
    let kafka = stage.kafka_config()?;
    let letters = dead_letters(stage, &kafka).await?;
    let running = stage
        .start(Parts {
            relays: true,
            consumes: true,
        })
        .await?;
    let follower = Follower::default();
    let following = tokio::spawn(follower.clone().follow(stage.connect().await?));
    let database = service::pool().ok_or("the service runs")?;
    follower.committed(change(&database, "first").await?);
    follower.caught_up().await?;

    let producer: FutureProducer = kafka.client_config("taskmesh-bench").create()?;
    let topic = kafka.topic_name(TASK_REMINDERS.name);
    let bounds = Bounds {
        warm_up: Duration::ZERO,
        measured: arguments.measured() / 2,
        most: usize::MAX,
    };
    let warm_up = Bounds {
        measured: WARM_UP,
        ..bounds
    };
    write(arguments.rate, warm_up, "to warm up", Some(&follower)).await?;
    follower.caught_up().await?;
    let (mut alone, mut among, mut buried) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let name = format!("without poison, {round} of {ROUNDS}");
        follower.begin();
        write(arguments.rate, bounds, &name, Some(&follower)).await?;
        follower.caught_up().await?;
        alone.extend(follower.take());

        let name = format!("with poison, {round} of {ROUNDS}");
        tokio::select! {
            written = write(arguments.rate, bounds, &name, Some(&follower)) => written?,
            failed = poison(&producer, &topic, &letters, &mut buried) => return failed,
        };
        follower.caught_up().await?;
        among.extend(follower.take());
    }
    following.abort();
    running.stop().await?;

    page.add(
        Line::of_figures(Figures::of("poison to its dead letter", buried))
            .goal(Measure::P99Ms, Bound::AtMost(GOAL_MS)),
    );
    let rate = arguments.rate;
    let alone = Figures::of(format!("commit to effect, {rate} a second"), alone);
    let among = Figures::of("commit to effect, among poison", among);
    let (alone, among) = (Line::of_figures(alone), Line::of_figures(among));
    let percent = 100.0 * among.p99_ms() / alone.p99_ms();
    page.add(alone);
    page.add(among);
    page.add(
        Line::of_value("with poison against without, p99", percent, "%")
            .goal(Measure::Value, Bound::AtMost(MOST_PERCENT)),
    );
    Ok(())
}

/// Reads the dead letters of the service from now on.
async fn dead_letters(stage: &Stage, kafka: &KafkaConfig) -> Result<StreamConsumer, BoxError> {
    let topic = DeclaredTopic {
        name: kafka.topic_name(&TASK_REMINDERS.dead_letter_name(EventsBench::NAME)),
        partitions: TASK_REMINDERS.partitions,
        retention: TASK_REMINDERS.retention,
        largest_record_bytes: taskmesh_proto::topics::LARGEST_DEAD_LETTER_BYTES,
    };
    let name = topic.name.clone();
    Cluster::new(kafka)?
        .create_missing(&[topic], stage.replication())
        .await?;
    let consumer: StreamConsumer = kafka
        .client_config("taskmesh-bench")
        .set("group.id", "taskmesh-bench")
        .set("enable.auto.commit", "false")
        .set("fetch.wait.max.ms", "10")
        .create()?;
    let mut partitions = TopicPartitionList::new();
    for partition in 0..TASK_REMINDERS.partitions {
        partitions.add_partition_offset(&name, partition, Offset::Beginning)?;
    }
    consumer.assign(&partitions)?;
    Ok(consumer)
}

/// Sends records that do not decode, each under a key of its own, and notes when its dead letter is there; for as long as it is let.
async fn poison(
    producer: &FutureProducer,
    topic: &str,
    letters: &StreamConsumer,
    buried: &mut Vec<Duration>,
) -> Result<(), BoxError> {
    let mut every = interval(EVERY);
    loop {
        every.tick().await;
        let id = Ids.uuid_v7().to_string();
        let headers = [("ce_id", id.as_str()), ("ce_type", KIND)];
        let headers = headers
            .into_iter()
            .fold(OwnedHeaders::new(), |headers, (key, value)| {
                let value = Some(value);
                headers.insert(Header { key, value })
            });
        let record = FutureRecord::to(topic).key(&id).headers(headers);
        let sent = Instant::now();
        producer
            .send(record.payload(b"\xff\xff"), ACKNOWLEDGED_WITHIN)
            .await
            .map_err(|(error, _)| error)?;
        let is_its_letter = async {
            while letters.recv().await?.key() != Some(id.as_bytes()) {}
            Ok::<(), BoxError>(())
        };
        timeout(PATIENCE, is_its_letter).await??;
        buried.push(sent.elapsed());
    }
}
