use std::collections::HashMap;

use taskmesh_proto::topics::{self, Topic};
use tracing::info;

use super::{
    KafkaConfig,
    framing::frame,
    registry::{RegistryError, SchemaRegistry},
    schema,
};

/// Adds schema frames to the values of framed topics.
pub(crate) struct Framer {
    kafka: KafkaConfig,
    /// Frame of each topic's values, without a message; looked up once.
    frames: HashMap<&'static str, Vec<u8>>,
}

impl Framer {
    pub(crate) fn new(kafka: KafkaConfig) -> Self {
        Self {
            kafka,
            frames: HashMap::new(),
        }
    }

    /// Frames messages of these topics; if it fails, none may be sent.
    pub(crate) async fn frame_all<'a>(
        &mut self,
        messages: impl Iterator<Item = (&'a str, &'a mut Vec<u8>)>,
    ) -> Result<(), RegistryError> {
        for (topic, message) in messages {
            if self.kafka.is_framed(topic) {
                let frame = self.frame_of(topic).await?;
                message.splice(0..0, frame.iter().copied());
            }
        }
        Ok(())
    }

    async fn frame_of(&mut self, name: &str) -> Result<&[u8], RegistryError> {
        let topic = topics::ALL.iter().find(|topic| topic.name == name);
        let topic = topic.expect("configuration allows only known topics");
        if !self.frames.contains_key(topic.name) {
            let frame = self.look_up(topic).await?;
            self.frames.insert(topic.name, frame);
        }
        Ok(&self.frames[topic.name])
    }

    async fn look_up(&self, topic: &Topic) -> Result<Vec<u8>, RegistryError> {
        let missing = || RegistryError::NotRegistered {
            subject: schema::value_subject(&self.kafka, topic),
        };
        let registry = SchemaRegistry::new(&self.kafka)?.ok_or_else(missing)?;
        let mut round = registry.round();
        let mut found = None;
        for subject in schema::subjects_of(&self.kafka, [topic]) {
            found = round.find(&subject).await?;
        }
        let found = found.ok_or_else(missing)?;
        info!(
            "frames the values of {} with schema {}",
            topic.name, found.id
        );
        let indexes = schema::message_indexes(topic.message);
        Ok(frame(found.id, &indexes, &[]))
    }
}
