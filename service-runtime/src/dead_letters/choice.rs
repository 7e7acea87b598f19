use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{DeadLetter, LetterName};

/// Which dead letters are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// These.
    Names(BTreeSet<LetterName>),
    /// All that match.
    Matching(Filter),
}

/// What letters must be; what is absent is not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The topic that they came from, or their dead-letter topic.
    pub topic: Option<String>,
    /// The consumer group that could not handle them.
    pub group: Option<String>,
    /// The record's key.
    pub key: Option<String>,
    /// What happened, by its full name or the last part of it.
    pub event_type: Option<String>,
    /// The event's id.
    pub event_id: Option<String>,
    /// A part of the reason, in any case.
    pub reason: Option<String>,
    /// When the record was written, at the earliest.
    pub since: Option<DateTime<Utc>>,
    /// When the record was written, before this.
    pub until: Option<DateTime<Utc>>,
}

impl Choice {
    pub(super) fn includes(&self, letter: &DeadLetter) -> bool {
        match self {
            // The topic of a name may have the prefix of the cluster.
            Self::Names(names) => {
                let full = LetterName {
                    topic: letter.topic().full_name.clone(),
                    ..letter.name().clone()
                };
                names.contains(letter.name()) || names.contains(&full)
            }
            Self::Matching(filter) => filter.matches(letter),
        }
    }
}

impl Filter {
    /// Tells whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Tells whether a letter of one of the topics asked for is what is asked for.
    fn matches(&self, letter: &DeadLetter) -> bool {
        let Self {
            // These two choose the topics that are read.
            topic: _,
            group: _,
            key,
            event_type,
            event_id,
            reason,
            since,
            until,
        } = self;
        let time = letter.record_time();
        wants(key, |key| letter.key() == key.as_bytes())
            && wants(event_type, |asked| {
                letter.event_type().is_some_and(|own| is_type(own, asked))
            })
            && wants(event_id, |asked| {
                letter
                    .event_id()
                    .is_some_and(|own| own.eq_ignore_ascii_case(asked))
            })
            && wants(reason, |part| {
                letter
                    .reason()
                    .to_lowercase()
                    .contains(&part.to_lowercase())
            })
            && wants(since, |since| time.is_some_and(|time| time >= *since))
            && wants(until, |until| time.is_some_and(|time| time < *until))
    }
}

fn wants<T>(asked: &Option<T>, is_so: impl FnOnce(&T) -> bool) -> bool {
    asked.as_ref().is_none_or(is_so)
}

fn is_type(own: &str, asked: &str) -> bool {
    own == asked || own.rsplit('.').next() == Some(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_known_by_its_full_name_and_by_its_last_part() {
        let full = "taskmesh.task.v1.TaskCompleted";
        assert!(is_type(full, full));
        assert!(is_type(full, "TaskCompleted"));
        assert!(!is_type(full, "Completed"));
        assert!(!is_type(full, "v1.TaskCompleted"));
    }
}
