use std::collections::HashMap;

use taskmesh_proto::topics;
use tracing::info;

use super::{
    client::{RegistryError, SchemaRegistry},
    framing::frame,
    subjects::{message_indexes, subjects_of},
};
use crate::kafka::KafkaConfig;

/// Adds schema frames to the values of framed topics.
pub(crate) struct Framer {
    kafka: KafkaConfig,
    /// Frame of each topic's values, without a message; looked up once.
    frames: HashMap<String, Vec<u8>>,
}

impl Framer {
    pub(crate) fn new(kafka: KafkaConfig) -> Self {
        let frames = HashMap::new();
        Self { kafka, frames }
    }

    /// Frames a message of a topic; if it fails, the message must not be sent.
    pub(crate) async fn frame(
        &mut self,
        topic: &str,
        message: &mut Vec<u8>,
    ) -> Result<(), RegistryError> {
        if self.kafka.is_framed(topic) {
            if !self.frames.contains_key(topic) {
                let frame = self.look_up(topic).await?;
                self.frames.insert(topic.to_owned(), frame);
            }
            message.splice(0..0, self.frames[topic].iter().copied());
        }
        Ok(())
    }

    async fn look_up(&self, name: &str) -> Result<Vec<u8>, RegistryError> {
        let topic = topics::ALL.iter().find(|topic| topic.name == name);
        let topic = topic.expect("the configuration accepts only known topics");
        let mut registry = SchemaRegistry::new(&self.kafka)?
            .expect("the configuration accepts framed topics only with a registry");
        let mut id = None;
        for subject in subjects_of(&self.kafka, std::slice::from_ref(topic)) {
            let Some(registered) = registry.find(&subject).await? else {
                let subject = subject.name;
                return Err(RegistryError::NotRegistered { subject });
            };
            id = Some(registered.id);
        }
        let id = id.expect("a topic has a subject");
        info!("frames the values of {name} with schema {id}");
        Ok(frame(id, &message_indexes(topic.message), &[]))
    }
}
