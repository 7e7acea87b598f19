//! The topics and their logs, in memory as they are in the storage.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use uuid::Uuid;

use crate::{
    log::{Log, storage},
    store::{Store, StoreError, StoredTopic},
};

/// Default of `retention.ms`, as in Kafka: seven days.
const DEFAULT_RETENTION_MS: i64 = 7 * 24 * 3_600 * 1_000;
const RETENTION: &str = "retention.ms";
const CLEANUP: &str = "cleanup.policy";
/// Settings that every topic has, with their defaults.
pub const DEFAULTS: [(&str, &str); 2] = [(CLEANUP, "delete"), (RETENTION, "604800000")];
const MAX_NAME: usize = 249;
/// Maximum number of partitions of a topic.
const MAX_PARTITIONS: i32 = 1_000;

/// A topic with its logs.
pub struct Topic {
    stored: StoredTopic,
    logs: Vec<Log>,
}

impl Topic {
    /// Returns the topic's id.
    pub fn id(&self) -> Uuid {
        self.stored.id
    }

    /// Returns the number of partitions.
    pub fn partitions(&self) -> i32 {
        i32::try_from(self.logs.len()).unwrap_or(i32::MAX)
    }

    /// Returns the settings that were given explicitly.
    pub fn configs(&self) -> &BTreeMap<String, String> {
        &self.stored.configs
    }

    /// Returns the log of a partition.
    pub fn log(&mut self, partition: i32) -> Result<&mut Log, ResponseError> {
        usize::try_from(partition)
            .ok()
            .and_then(|partition| self.logs.get_mut(partition))
            .ok_or(ResponseError::UnknownTopicOrPartition)
    }

    /// Returns for how long records are kept in milliseconds; none without limit.
    fn retention_ms(&self) -> Option<i64> {
        let configs = &self.stored.configs;
        let deletes = configs
            .get(CLEANUP)
            .is_none_or(|policy| policy.contains("delete"));
        let retention = configs.get(RETENTION);
        let retention = retention.map_or(Some(DEFAULT_RETENTION_MS), |ms| ms.parse().ok());
        retention.filter(|ms| deletes && *ms >= 0)
    }
}

/// All topics by name.
pub struct Topics {
    store: Store,
    by_name: BTreeMap<String, Topic>,
}

impl Topics {
    /// Reads the topics from the storage.
    pub fn load(store: &Store) -> Result<Self, StoreError> {
        let mut by_name = BTreeMap::new();
        for (name, stored) in store.topics()? {
            let logs = stored.logs.iter().map(|number| Log::open(store, *number));
            let logs = logs.collect::<Result<_, _>>()?;
            by_name.insert(name, Topic { stored, logs });
        }
        Ok(Self {
            store: store.clone(),
            by_name,
        })
    }

    /// Returns the topics in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Topic)> {
        self.by_name.iter()
    }

    /// Returns a topic.
    pub fn get(&self, name: &str) -> Result<&Topic, ResponseError> {
        let topic = self.by_name.get(name);
        topic.ok_or(ResponseError::UnknownTopicOrPartition)
    }

    /// Returns the log of a partition.
    pub fn log(&mut self, name: &str, partition: i32) -> Result<&mut Log, ResponseError> {
        let topic = self.by_name.get_mut(name);
        topic
            .ok_or(ResponseError::UnknownTopicOrPartition)?
            .log(partition)
    }

    /// Returns the name of the topic with an id.
    pub fn name_of(&self, id: Uuid) -> Option<String> {
        let mut topics = self.by_name.iter();
        topics
            .find(|(_, topic)| topic.id() == id)
            .map(|(name, _)| name.clone())
    }

    /// Checks whether a topic could be created.
    pub fn check_new(&self, name: &str, partitions: i32) -> Result<(), ResponseError> {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let is_name = (1..=MAX_NAME).contains(&name.len())
            && name.chars().all(is_allowed)
            && ![".", ".."].contains(&name);
        if !is_name {
            return Err(ResponseError::InvalidTopicException);
        }
        if !(1..=MAX_PARTITIONS).contains(&partitions) {
            return Err(ResponseError::InvalidPartitions);
        }
        if self.by_name.contains_key(name) {
            return Err(ResponseError::TopicAlreadyExists);
        }
        Ok(())
    }

    /// Creates a topic.
    pub fn create(
        &mut self,
        name: &str,
        partitions: i32,
        configs: BTreeMap<String, String>,
    ) -> Result<&Topic, ResponseError> {
        self.check_new(name, partitions)?;
        let topic = Topic {
            stored: StoredTopic {
                id: Uuid::new_v4(),
                logs: Vec::new(),
                configs,
            },
            logs: Vec::new(),
        };
        let topic = self.grown(name, topic, partitions)?;
        Ok(self.by_name.entry(name.to_owned()).or_insert(topic))
    }

    /// Adds partitions to a topic, up to a number.
    pub fn grow(&mut self, name: &str, partitions: i32, dry: bool) -> Result<(), ResponseError> {
        let current = self.get(name)?.partitions();
        if partitions <= current || partitions > MAX_PARTITIONS {
            return Err(ResponseError::InvalidPartitions);
        }
        if !dry && let Some(topic) = self.by_name.remove(name) {
            let topic = self.grown(name, topic, partitions)?;
            self.by_name.insert(name.to_owned(), topic);
        }
        Ok(())
    }

    fn grown(&self, name: &str, mut topic: Topic, partitions: i32) -> Result<Topic, ResponseError> {
        while topic.partitions() < partitions {
            let number = self.store.next("log").map_err(|error| storage(&error))?;
            topic.stored.logs.push(number);
            let log = Log::open(&self.store, number);
            topic.logs.push(log.map_err(|error| storage(&error))?);
        }
        self.put(name, &topic)?;
        Ok(topic)
    }

    /// Deletes a topic with its records.
    pub fn delete(&mut self, name: &str) -> Result<Uuid, ResponseError> {
        let topic = self.get(name)?;
        let id = topic.id();
        self.store
            .remove_topic(name, &topic.stored)
            .map_err(|error| storage(&error))?;
        self.by_name.remove(name);
        Ok(id)
    }

    /// Sets or, without a value, resets a setting of a topic.
    pub fn configure(
        &mut self,
        name: &str,
        config: &str,
        value: Option<&str>,
    ) -> Result<(), ResponseError> {
        let topic = self.by_name.get_mut(name);
        let topic = topic.ok_or(ResponseError::UnknownTopicOrPartition)?;
        match value {
            Some(value) => topic
                .stored
                .configs
                .insert(config.to_owned(), value.to_owned()),
            None => topic.stored.configs.remove(config),
        };
        let stored = self.store.put_topic(name, &topic.stored);
        stored.map_err(|error| storage(&error))
    }

    /// Deletes the records that are past the retention of their topic, at a time in milliseconds since 1970.
    pub fn expire(&mut self, now_ms: i64) {
        for topic in self.by_name.values_mut() {
            if let Some(retention) = topic.retention_ms() {
                for log in &mut topic.logs {
                    // A failure was logged, and the next round tries again.
                    let _ = log.expire(now_ms.saturating_sub(retention));
                }
            }
        }
    }

    fn put(&self, name: &str, topic: &Topic) -> Result<(), ResponseError> {
        let stored = self.store.put_topic(name, &topic.stored);
        stored.map_err(|error| storage(&error))
    }
}
