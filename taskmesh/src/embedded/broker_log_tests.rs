use tansu_sans_io::record::{Record, inflated};
use tempfile::TempDir;

use super::*;

struct Stage {
    folder: TempDir,
    log: Log,
}

impl Stage {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::open(&folder.path().join("records.db")).await.unwrap();
        Self { folder, log }
    }

    async fn reopen(&mut self) {
        self.log = Log::open(&self.folder.path().join("records.db"))
            .await
            .unwrap();
    }

    async fn append(&self, batch: Batch) -> Result<i64, LogError> {
        self.log.append("tasks", 0, batch).await
    }

    async fn offsets(&self, from: i64, most_bytes: usize) -> Vec<i64> {
        let batches = self.log.read("tasks", 0, from, most_bytes).await.unwrap();
        batches.iter().map(|batch| batch.base_offset).collect()
    }
}

/// A batch of so many records of a time, as a producer that is not idempotent sends it.
fn batch(count: i32, time: i64) -> Batch {
    let mut builder = inflated::Batch::builder()
        .base_timestamp(time)
        .max_timestamp(time)
        .last_offset_delta(count - 1)
        .producer_id(-1);
    for number in 0..count {
        let value = Bytes::from(format!("record {number} of {time}"));
        builder = builder.record(Record::builder().offset_delta(number).value(Some(value)));
    }
    Batch::try_from(builder.build().unwrap()).unwrap()
}

fn idempotent(sequence: i32, count: i32) -> Batch {
    Batch {
        producer_id: 7,
        producer_epoch: 0,
        base_sequence: sequence,
        ..batch(count, 1_000)
    }
}

#[tokio::test]
async fn batches_are_read_from_the_one_with_the_offset_on_also_after_a_restart() {
    let mut stage = Stage::new().await;
    for count in [3, 2, 4] {
        stage.append(batch(count, 1_000)).await.unwrap();
    }
    for _ in 0..2 {
        assert_eq!(stage.offsets(0, usize::MAX).await, [0, 3, 5]);
        assert_eq!(stage.offsets(4, usize::MAX).await, [3, 5]);
        assert_eq!(stage.offsets(3, 1).await, [3]);
        assert_eq!(stage.offsets(9, usize::MAX).await, [0_i64; 0]);
        let extent = Extent { low: 0, high: 9 };
        assert_eq!(stage.log.extent("tasks", 0).await, extent);
        stage.reopen().await;
    }
}

#[tokio::test]
async fn what_is_read_is_what_was_sent() {
    let stage = Stage::new().await;
    stage.append(batch(1, 1)).await.unwrap();
    stage.append(batch(2, 5)).await.unwrap();
    let read = stage.log.read("tasks", 0, 1, usize::MAX).await.unwrap();
    let expected = Batch {
        base_offset: 1,
        partition_leader_epoch: 0,
        ..batch(2, 5)
    };
    assert_eq!(read, [expected]);
}

#[tokio::test]
async fn a_batch_that_a_producer_sends_again_is_there_once_also_after_a_restart() {
    let mut stage = Stage::new().await;
    assert_eq!(stage.append(idempotent(0, 2)).await.unwrap(), 0);
    assert_eq!(stage.append(idempotent(0, 2)).await.unwrap(), 0);
    stage.reopen().await;
    assert_eq!(stage.append(idempotent(0, 2)).await.unwrap(), 0);
    assert_eq!(stage.append(idempotent(2, 1)).await.unwrap(), 2);
    let gap = stage.append(idempotent(9, 1)).await;
    let refused = LogError::Refused(ErrorCode::OutOfOrderSequenceNumber);
    assert_eq!(gap.unwrap_err().to_string(), refused.to_string());
}

#[tokio::test]
async fn deleted_records_are_gone_and_their_offsets_are_not_given_again() {
    let mut stage = Stage::new().await;
    for time in [10, 20, 30] {
        stage.append(batch(2, time)).await.unwrap();
    }
    stage.log.expire("tasks", 15).await.unwrap();
    assert_eq!(stage.offsets(0, usize::MAX).await, [2, 4]);
    assert_eq!(stage.log.delete_before("tasks", 0, 6).await.unwrap(), 6);
    assert!(stage.log.delete_before("tasks", 0, 7).await.is_err());
    stage.reopen().await;
    let extent = Extent { low: 6, high: 6 };
    assert_eq!(stage.log.extent("tasks", 0).await, extent);
    assert_eq!(stage.append(batch(1, 40)).await.unwrap(), 6);
}

#[tokio::test]
async fn a_topic_that_was_forgotten_begins_anew() {
    let mut stage = Stage::new().await;
    stage.append(batch(2, 10)).await.unwrap();
    stage.log.forget("tasks").await.unwrap();
    assert!(stage.log.is_empty().await);
    stage.reopen().await;
    assert_eq!(stage.append(batch(1, 20)).await.unwrap(), 0);
}

#[tokio::test]
async fn the_first_batch_of_a_time_is_found() {
    let stage = Stage::new().await;
    for time in [10, 20, 30] {
        stage.append(batch(2, time)).await.unwrap();
    }
    let found = stage.log.find("tasks", 0, 15).await.unwrap().unwrap();
    assert_eq!(found.base_offset, 2);
    assert!(stage.log.find("tasks", 0, 31).await.unwrap().is_none());
}
