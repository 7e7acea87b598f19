use std::{num::NonZeroU32, time::Duration};

use rdkafka::Message;
use tokio::time::{Instant, sleep_until};

use super::{Choice, DeadLetter, DeadLetterError, DeadLetterOffice, Letters};
use crate::kafka::{Producer, Record, dead_letter_headers};

/// Largest rate of a redrive per second.
pub const MOST_PER_SECOND: u32 = 10_000;
/// Number of records sent together.
const BATCH: u32 = 100;
/// Bytes sent together, which bounds the memory.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Number of records that a dry run counts between two reports.
const COUNTED: u64 = 1000;

/// Publishes dead letters to their source topics again; dropping it ends the redrive.
pub struct Redrive {
    letters: Letters,
    producer: Option<Producer>,
    rate: NonZeroU32,
    /// Time from which the next batch may be sent.
    free_at: Instant,
    progress: Progress,
    has_told: bool,
}

/// Progress of a redrive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Number of selected records so far.
    pub chosen: u64,
    /// Number of records that the broker has acknowledged.
    pub sent: u64,
}

impl DeadLetterOffice {
    /// Prepares a redrive at a rate per second; a dry run only counts records.
    pub fn redrive(
        &self,
        choice: Choice,
        rate: NonZeroU32,
        is_dry_run: bool,
    ) -> Result<Redrive, DeadLetterError> {
        let producer = match is_dry_run {
            true => None,
            false => Some(
                Producer::new(&self.kafka).map_err(|cause| DeadLetterError::Broker {
                    servers: self.kafka.bootstrap_servers.clone(),
                    cause: cause.into(),
                })?,
            ),
        };
        Ok(Redrive {
            letters: self.letters(choice, None)?,
            producer,
            rate,
            free_at: Instant::now(),
            progress: Progress::default(),
            has_told: false,
        })
    }
}

impl Redrive {
    /// Sends the next batch and returns the progress; the last progress, before `None`, is the result.
    pub async fn next(&mut self) -> Result<Option<Progress>, DeadLetterError> {
        let has_more = match self.producer {
            Some(_) => self.send_batch().await?,
            None => self.count().await?,
        };
        if !has_more && self.has_told {
            return Ok(None);
        }
        self.has_told = true;
        Ok(Some(self.progress))
    }

    async fn count(&mut self) -> Result<bool, DeadLetterError> {
        let before = self.progress.chosen;
        while self.progress.chosen - before < COUNTED && self.letters.next().await?.is_some() {
            self.progress.chosen += 1;
        }
        Ok(self.progress.chosen > before)
    }

    async fn send_batch(&mut self) -> Result<bool, DeadLetterError> {
        let letters = self.next_batch().await?;
        let Some(producer) = &self.producer else {
            return Ok(false);
        };
        if letters.is_empty() {
            return Ok(false);
        }
        sleep_until(self.free_at).await;
        let size = u32::try_from(letters.len()).unwrap_or(BATCH);
        self.free_at = Instant::now() + Duration::from_secs(1) * size / self.rate.get();
        let records = letters.iter().map(|letter| self.record(letter)).collect();
        let outcomes = producer.send_all(records).await;
        for (letter, outcome) in letters.iter().zip(outcomes) {
            outcome.map_err(|cause| DeadLetterError::Send {
                name: letter.name().clone(),
                sent: self.progress.sent,
                cause: cause.into(),
            })?;
            self.progress.sent += 1;
        }
        Ok(true)
    }

    /// Takes as many records as may be sent in a tenth of a second.
    async fn next_batch(&mut self) -> Result<Vec<DeadLetter>, DeadLetterError> {
        let most = (self.rate.get() / 10).clamp(1, BATCH);
        let mut letters = Vec::new();
        let mut bytes = 0;
        while letters.len() < most as usize && bytes < BATCH_BYTES {
            let Some(letter) = self.letters.next().await? else {
                break;
            };
            self.progress.chosen += 1;
            bytes += letter.value().len();
            letters.push(letter);
        }
        Ok(letters)
    }

    /// Returns the original record, with the current time, so that the topic retains it as long as a new one.
    fn record(&self, letter: &DeadLetter) -> Record {
        let record = letter.record();
        Record {
            topic: letter.topic().source_full_name.clone(),
            // A dead letter has the partition of its record.
            partition: Some(record.partition()),
            key: letter.key().to_vec(),
            payload: letter.value().to_vec(),
            timestamp_ms: None,
            headers: dead_letter_headers::redriven(record.headers()),
        }
    }
}
