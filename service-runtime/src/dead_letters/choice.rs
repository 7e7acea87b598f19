use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{DeadLetter, LetterName};

/// Selection of dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Dead letters with these names.
    Names(BTreeSet<LetterName>),
    /// Dead letters that match.
    Matching(Filter),
}

/// Conditions on dead letters; an absent one is not checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Source topic or dead-letter topic.
    pub topic: Option<String>,
    /// Consumer group that could not handle them.
    pub group: Option<String>,
    /// Key of the record.
    pub key: Option<String>,
    /// Event type, by its full name or its last part.
    pub event_type: Option<String>,
    /// Event id.
    pub event_id: Option<String>,
    /// Part of the reason, in any case.
    pub reason: Option<String>,
    /// Earliest time of the record.
    pub since: Option<DateTime<Utc>>,
    /// End of the times of the record, exclusive.
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
    /// Returns whether it has no condition.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns whether a dead letter of one of the selected topics matches.
    fn matches(&self, letter: &DeadLetter) -> bool {
        let Self {
            // These two select the topics that are read.
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
