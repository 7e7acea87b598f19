//! Deletes records at a client's request. `tansu` stops for good when it is asked to: with SQLite as its storage, it has no answer.

use std::{path::Path, sync::Arc, time::Duration};

use libsql::{Connection, Database};
use tansu_sans_io::{
    DeleteRecordsRequest, DeleteRecordsResponse, ErrorCode,
    delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic},
    delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult},
};
use tracing::warn;

/// How many records are deleted in one go: `tansu` does not wait for a lock, so none is held for long. A client whose request met
/// one loses its connection and asks again.
const CHUNK: i64 = 200;
/// How long a lock of `tansu` is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Asks for all records of a partition.
const ALL: i64 = -1;

/// Where records are deleted.
#[derive(Clone)]
pub struct Deletion {
    database: Arc<Database>,
}

/// A partition, as the storage knows it.
struct Partition {
    id: i64,
    high_watermark: i64,
}

impl Deletion {
    /// Opens the broker's storage a second time.
    pub async fn open(file: &Path) -> Result<Self, libsql::Error> {
        let database = libsql::Builder::new_local(file).build().await?;
        Ok(Self {
            database: Arc::new(database),
        })
    }

    /// Deletes what a request asks for.
    pub async fn answer(&self, request: &DeleteRecordsRequest) -> DeleteRecordsResponse {
        let mut results = Vec::new();
        for topic in request.topics.iter().flatten() {
            results.push(self.of_topic(topic).await);
        }
        DeleteRecordsResponse::default()
            .throttle_time_ms(0)
            .topics(Some(results))
    }

    async fn of_topic(&self, topic: &DeleteRecordsTopic) -> DeleteRecordsTopicResult {
        let mut results = Vec::new();
        for partition in topic.partitions.iter().flatten() {
            let deleted = self.of_partition(&topic.name, partition).await;
            let (low_watermark, code) = match deleted {
                Ok(Ok(low_watermark)) => (low_watermark, ErrorCode::None),
                Ok(Err(code)) => (-1, code),
                Err(error) => {
                    let name = &topic.name;
                    warn!(%error, "the broker could not delete records of {name}");
                    (-1, ErrorCode::UnknownServerError)
                }
            };
            results.push(
                DeleteRecordsPartitionResult::default()
                    .partition_index(partition.partition_index)
                    .low_watermark(low_watermark)
                    .error_code(code.into()),
            );
        }
        DeleteRecordsTopicResult::default()
            .name(topic.name.clone())
            .partitions(Some(results))
    }

    /// Returns the offset that the partition begins with from now on.
    async fn of_partition(
        &self,
        topic: &str,
        asked: &DeleteRecordsPartition,
    ) -> Result<Result<i64, ErrorCode>, libsql::Error> {
        let connection = self.database.connect()?;
        connection.busy_timeout(PATIENCE)?;
        // The headers of a record go with it.
        connection.execute("PRAGMA foreign_keys = ON", ()).await?;
        let Some(partition) = find(&connection, topic, asked.partition_index).await? else {
            return Ok(Err(ErrorCode::UnknownTopicOrPartition));
        };
        let end = match asked.offset {
            ALL => partition.high_watermark,
            offset => offset,
        };
        if !(0..=partition.high_watermark).contains(&end) {
            return Ok(Err(ErrorCode::OffsetOutOfRange));
        }
        connection
            .execute(
                "UPDATE watermark SET low = max(coalesce(low, 0), ?2) WHERE topition = ?1",
                (partition.id, end),
            )
            .await?;
        while delete_chunk(&connection, partition.id, end).await? > 0 {}
        Ok(Ok(end))
    }
}

async fn find(
    connection: &Connection,
    topic: &str,
    partition: i32,
) -> Result<Option<Partition>, libsql::Error> {
    let mut rows = connection
        .query(
            "SELECT topition.id, coalesce(watermark.high, 0) FROM topic \
             JOIN topition ON topition.topic = topic.id JOIN watermark ON watermark.topition = topition.id \
             WHERE topic.name = ?1 AND topition.partition = ?2",
            (topic, partition),
        )
        .await?;
    let Some(row) = rows.next().await? else {
        return Ok(None);
    };
    Ok(Some(Partition {
        id: row.get(0)?,
        high_watermark: row.get(1)?,
    }))
}

async fn delete_chunk(
    connection: &Connection,
    partition: i64,
    end: i64,
) -> Result<u64, libsql::Error> {
    let statement = "DELETE FROM record WHERE topition = ?1 AND offset_id IN \
         (SELECT offset_id FROM record WHERE topition = ?1 AND offset_id < ?2 ORDER BY offset_id LIMIT ?3)";
    connection.execute(statement, (partition, end, CHUNK)).await
}

#[cfg(test)]
mod tests {
    use rdkafka::{
        ClientConfig, Offset, TopicPartitionList,
        admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
        client::DefaultClientContext,
        consumer::{BaseConsumer, Consumer},
        error::KafkaError,
        producer::{FutureProducer, FutureRecord},
        types::RDKafkaErrorCode,
    };
    use tokio::task::spawn_blocking;

    use super::*;
    use crate::embedded::broker::Broker;

    const RECORDS: i64 = 2 * CHUNK + 50;

    async fn delete(
        admin: &AdminClient<DefaultClientContext>,
        end: Offset,
    ) -> Result<Offset, KafkaError> {
        let mut ends = TopicPartitionList::new();
        ends.add_partition_offset("a", 0, end).unwrap();
        let deleted = admin.delete_records(&ends, &AdminOptions::new()).await?;
        let elements = deleted.elements();
        elements[0].error().map(|()| elements[0].offset())
    }

    async fn watermarks(config: &ClientConfig) -> (i64, i64) {
        let consumer: BaseConsumer = config.clone().set("group.id", "a").create().unwrap();
        spawn_blocking(move || consumer.fetch_watermarks("a", 0, PATIENCE).unwrap())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn records_are_deleted_up_to_an_offset_and_the_broker_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let broker = Broker::start(folder.path(), 0).await.unwrap();
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", broker.address().to_string());
        let admin: AdminClient<_> = config.create().unwrap();
        let topic = NewTopic::new("a", 1, TopicReplication::Fixed(1));
        let created = admin.create_topics([&topic], &AdminOptions::new()).await;
        created.unwrap().remove(0).unwrap();
        let producer: FutureProducer = config.create().unwrap();
        let sent: Vec<_> = (0..RECORDS)
            .map(|_| FutureRecord::to("a").key("k").payload("v"))
            .map(|record| producer.send_result(record).map_err(|(error, _)| error))
            .map(Result::unwrap)
            .collect();
        for delivery in sent {
            delivery.await.unwrap().map_err(|(error, _)| error).unwrap();
        }

        let end = 2 * CHUNK + 1;
        assert_eq!(
            delete(&admin, Offset::Offset(end)).await,
            Ok(Offset::Offset(end))
        );
        assert_eq!(watermarks(&config).await, (end, RECORDS));
        assert_eq!(
            delete(&admin, Offset::Offset(RECORDS + 1)).await,
            Err(KafkaError::OffsetFetch(RDKafkaErrorCode::OffsetOutOfRange))
        );
        assert_eq!(watermarks(&config).await, (end, RECORDS));
        let all = delete(&admin, Offset::End).await;
        assert_eq!(all, Ok(Offset::Offset(RECORDS)));
        let (low, high) = watermarks(&config).await;
        assert_eq!(low, high);
        broker.stop().await;
    }
}
