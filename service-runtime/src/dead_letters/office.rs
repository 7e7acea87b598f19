use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn_blocking},
};

use super::{
    Choice, DeadLetter, DeadLetterError, DeadLetterTopic, LetterName,
    reader::{Extent, Reader},
    topics,
};
use crate::kafka::KafkaConfig;

/// Number of records that are read ahead.
const AHEAD: usize = 8;

/// Administration of dead letters.
#[derive(Debug, Clone)]
pub struct DeadLetterOffice {
    pub(super) kafka: KafkaConfig,
    topics: Vec<DeadLetterTopic>,
}

/// Number of dead letters of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicCount {
    pub topic: DeadLetterTopic,
    /// Number of records; none if the topic does not exist.
    pub count: Option<i64>,
}

/// Dead letters, read one after the other, the oldest of each partition first.
pub struct Letters {
    choice: Choice,
    letters: mpsc::Receiver<DeadLetter>,
    reading: Option<JoinHandle<Result<(), DeadLetterError>>>,
}

impl DeadLetterOffice {
    /// Administers the dead letters of every group of the mesh.
    pub fn of_mesh(kafka: KafkaConfig) -> Self {
        Self {
            topics: topics::of_group(&kafka, None),
            kafka,
        }
    }

    /// Administers the dead letters of one group.
    pub fn of_group(kafka: KafkaConfig, group: &str) -> Self {
        Self {
            topics: topics::of_group(&kafka, Some(group)),
            kafka,
        }
    }

    /// Returns the dead-letter topics.
    pub fn topics(&self) -> &[DeadLetterTopic] {
        &self.topics
    }

    /// Counts the records of each topic that a choice selects from.
    pub async fn counts(&self, choice: &Choice) -> Result<Vec<TopicCount>, DeadLetterError> {
        let (kafka, topics) = (self.kafka.clone(), self.topics_of(choice)?);
        spawn_blocking(move || Reader::new(&kafka, &topics)?.counts(&topics))
            .await
            .expect("reading does not panic")
    }

    /// Reads the selected dead letters, starting at the given one if any.
    pub fn letters(
        &self,
        choice: Choice,
        from: Option<LetterName>,
    ) -> Result<Letters, DeadLetterError> {
        let extent = match &choice {
            Choice::Names(names) => Extent::Only(names.clone()),
            Choice::Matching(_) => Extent::From(from),
        };
        self.read(choice, extent)
    }

    /// Returns one dead letter.
    pub async fn find(&self, name: LetterName) -> Result<DeadLetter, DeadLetterError> {
        let choice = Choice::Names([name.clone()].into());
        let found = self.letters(choice, None)?.next().await?;
        found.ok_or(DeadLetterError::NotThere(name))
    }

    /// Reads every record of the topics that a choice selects from.
    pub(super) fn read_all(&self, choice: Choice) -> Result<Letters, DeadLetterError> {
        self.read(choice, Extent::From(None))
    }

    fn read(&self, choice: Choice, extent: Extent) -> Result<Letters, DeadLetterError> {
        let (kafka, topics) = (self.kafka.clone(), self.topics_of(&choice)?);
        let (sender, letters) = mpsc::channel(AHEAD);
        let reading =
            spawn_blocking(move || Reader::new(&kafka, &topics)?.read(&topics, &extent, &sender));
        Ok(Letters {
            choice,
            letters,
            reading: Some(reading),
        })
    }

    fn topics_of(&self, choice: &Choice) -> Result<Vec<DeadLetterTopic>, DeadLetterError> {
        match choice {
            Choice::Names(names) => {
                let mut chosen = Vec::new();
                for name in names {
                    let topic = topics::find(&self.topics, name)?;
                    if !chosen.contains(topic) {
                        chosen.push(topic.clone());
                    }
                }
                Ok(chosen)
            }
            Choice::Matching(filter) => {
                topics::chosen(&self.topics, &self.kafka.topic_prefix, filter)
            }
        }
    }
}

impl Letters {
    /// Returns the next selected dead letter.
    pub async fn next(&mut self) -> Result<Option<DeadLetter>, DeadLetterError> {
        while let Some((letter, is_chosen)) = self.next_of_all().await? {
            if is_chosen {
                return Ok(Some(letter));
            }
        }
        Ok(None)
    }

    /// Returns the next dead letter, and whether it is selected.
    pub(super) async fn next_of_all(
        &mut self,
    ) -> Result<Option<(DeadLetter, bool)>, DeadLetterError> {
        if let Some(letter) = self.letters.recv().await {
            let is_chosen = self.choice.includes(&letter);
            return Ok(Some((letter, is_chosen)));
        }
        if let Some(reading) = self.reading.take() {
            reading.await.expect("reading does not panic")?;
        }
        Ok(None)
    }
}
