use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Identifies one dead letter: its dead-letter topic (without the cluster's prefix), partition and offset there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LetterName {
    /// The dead-letter topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

/// A text that names no dead letter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is not the name of a dead letter; use <topic>.<group>.dlt/<partition>/<offset>, such as task-events.notification-service.dlt/2/17"
)]
pub struct InvalidLetterName(String);

impl fmt::Display for LetterName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            topic,
            partition,
            offset,
        } = self;
        write!(formatter, "{topic}/{partition}/{offset}")
    }
}

impl FromStr for LetterName {
    type Err = InvalidLetterName;

    fn from_str(text: &str) -> Result<Self, InvalidLetterName> {
        let read = || {
            let mut parts = text.split('/');
            let name = Self {
                topic: parts.next().filter(|topic| is_topic(topic))?.to_owned(),
                partition: parts.next()?.parse().ok().filter(|number| *number >= 0)?,
                offset: parts.next()?.parse().ok().filter(|number| *number >= 0)?,
            };
            parts.next().is_none().then_some(name)
        };
        read().ok_or_else(|| InvalidLetterName(text.to_owned()))
    }
}

/// The characters that Kafka allows.
fn is_topic(text: &str) -> bool {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    !text.is_empty() && text.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_as_it_is_written() {
        let text = "task-events.notification-service.dlt/2/17";
        let name: LetterName = text.parse().unwrap();
        assert_eq!((name.partition, name.offset), (2, 17));
        assert_eq!(name.to_string(), text);
    }

    #[test]
    fn what_is_no_name_is_refused_with_an_example() {
        for wrong in [
            "", "a", "a/1", "a/1/2/3", "/1/2", "a/-1/2", "a/1/-2", "a/x/2", "a\0b/1/2", "a b/1/2",
        ] {
            let error = wrong.parse::<LetterName>().unwrap_err();
            assert!(error.to_string().contains("dlt/2/17"), "{wrong}: {error}");
        }
    }
}
