use std::collections::BTreeMap;

use rdkafka::{
    Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions},
    client::DefaultClientContext,
    error::KafkaError,
};

use super::{Choice, DeadLetterError, DeadLetterOffice};
use crate::kafka::READ_TIMEOUT;

/// Result of a purge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// Number of deleted records; in a dry run, of those that would be deleted.
    pub deleted: u64,
    /// Number of selected records that are kept because an unselected one precedes them in the partition.
    pub kept: u64,
}

/// Selected records at the beginning of a partition.
#[derive(Debug, Default)]
struct Beginning {
    /// Offset after the last of them.
    end: Option<i64>,
    chosen: u64,
    is_over: bool,
}

impl DeadLetterOffice {
    /// Deletes the selected records at the beginning of each partition: Kafka cannot delete others. A dry run only counts them.
    pub async fn purge(&self, choice: Choice, is_dry_run: bool) -> Result<Purged, DeadLetterError> {
        let mut letters = self.read_all(choice)?;
        let mut beginnings: BTreeMap<(String, i32), Beginning> = BTreeMap::new();
        let mut purged = Purged::default();
        while let Some((letter, is_chosen)) = letters.next_of_all().await? {
            let partition = (letter.topic().full_name.clone(), letter.name().partition);
            let beginning = beginnings.entry(partition).or_default();
            match is_chosen {
                true if beginning.is_over => purged.kept += 1,
                true => {
                    beginning.chosen += 1;
                    beginning.end = Some(letter.name().offset + 1);
                }
                false => beginning.is_over = true,
            }
        }
        purged.deleted = beginnings.values().map(|beginning| beginning.chosen).sum();
        if !is_dry_run && purged.deleted > 0 {
            self.delete(&beginnings).await?;
        }
        Ok(purged)
    }

    async fn delete(
        &self,
        beginnings: &BTreeMap<(String, i32), Beginning>,
    ) -> Result<(), DeadLetterError> {
        let refused = |topic: &str, cause: KafkaError| DeadLetterError::Delete {
            topic: topic.to_owned(),
            cause: cause.into(),
        };
        let mut ends = TopicPartitionList::new();
        let mut topics = Vec::new();
        for ((topic, partition), beginning) in beginnings {
            let Some(end) = beginning.end else {
                continue;
            };
            ends.add_partition_offset(topic, *partition, Offset::Offset(end))
                .map_err(|cause| refused(topic, cause))?;
            topics.push(topic.as_str());
        }
        topics.dedup();
        let topics = topics.join(", ");
        let admin: AdminClient<DefaultClientContext> = self
            .kafka
            .client_config("taskmesh-dead-letters")
            // Failures are reported once, as errors.
            .set("log_level", "0")
            .create()
            .map_err(|cause| refused(&topics, cause))?;
        let options = AdminOptions::new()
            .request_timeout(Some(READ_TIMEOUT))
            .operation_timeout(Some(READ_TIMEOUT));
        let deleted = admin
            .delete_records(&ends, &options)
            .await
            .map_err(|cause| refused(&topics, cause))?;
        for partition in deleted.elements() {
            partition
                .error()
                .map_err(|cause| refused(partition.topic(), cause))?;
        }
        Ok(())
    }
}
