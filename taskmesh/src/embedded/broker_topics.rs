use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tansu_sans_io::ConfigResource;
use tansu_storage::{Storage, StorageContainer, TopicId};
use tracing::warn;
use uuid::Uuid;

/// How long a topic keeps its records that does not say so, as with Kafka: seven days.
const RETENTION_MS: i64 = 7 * 24 * 3_600 * 1_000;

/// What is known of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    pub name: String,
    pub id: [u8; 16],
    partitions: usize,
}

impl Topic {
    /// Returns whether it has this partition.
    pub fn has(&self, partition: i32) -> bool {
        usize::try_from(partition).is_ok_and(|partition| partition < self.partitions)
    }
}

/// The topics that there are, as `tansu` keeps them; asked for once and remembered until one is created or deleted.
#[derive(Clone)]
pub struct Topics {
    storage: StorageContainer,
    known: Arc<Mutex<HashMap<TopicId, Topic>>>,
}

impl Topics {
    pub fn new(storage: StorageContainer) -> Self {
        Self {
            storage,
            known: Arc::default(),
        }
    }

    /// Returns a topic; none if there is none of this name.
    pub async fn by_name(&self, name: &str) -> Option<Topic> {
        self.look_up(TopicId::Name(name.to_owned())).await
    }

    /// Returns the topic of this name, or else of this id.
    pub async fn find(&self, name: Option<&String>, id: Option<[u8; 16]>) -> Option<Topic> {
        match (name, id) {
            (Some(name), _) => self.by_name(name).await,
            (None, Some(id)) => self.look_up(TopicId::Id(Uuid::from_bytes(id))).await,
            (None, None) => None,
        }
    }

    /// Returns how long a topic keeps its records, in milliseconds; none if for ever.
    pub async fn retention_ms(&self, name: &str) -> Option<i64> {
        let config = self
            .storage
            .describe_config(name, ConfigResource::Topic, None)
            .await;
        let configs = config.ok()?.configs.unwrap_or_default();
        let setting = configs
            .iter()
            .find(|config| config.name == "retention.ms")
            .and_then(|config| config.value.as_deref());
        match setting.map(str::parse) {
            Some(Ok(retention)) if retention >= 0 => Some(retention),
            Some(_) => None,
            None => Some(RETENTION_MS),
        }
    }

    /// Forgets everything, because a topic was created or deleted.
    pub fn forget(&self) {
        self.lock().clear();
    }

    async fn look_up(&self, id: TopicId) -> Option<Topic> {
        if let Some(known) = self.lock().get(&id) {
            return Some(known.clone());
        }
        let metadata = match self.storage.metadata(Some(std::slice::from_ref(&id))).await {
            Ok(metadata) => metadata,
            Err(error) => {
                warn!(%error, "the broker could not look a topic up");
                return None;
            }
        };
        let found = metadata
            .topics()
            .iter()
            .find(|topic| topic.error_code == 0)?;
        let topic = Topic {
            name: found.name.clone()?,
            id: found.topic_id?,
            partitions: found.partitions.as_ref().map_or(0, Vec::len),
        };
        self.lock().insert(id, topic.clone());
        Some(topic)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TopicId, Topic>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
