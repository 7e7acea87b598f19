use std::fmt;

use uuid::Uuid;

/// One version of one thing, as a topic tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Change {
    /// The topic.
    pub topic: &'static str,
    /// What has changed; its events have one key, so that they have one order.
    pub subject: String,
    /// Which change of it, counted upwards.
    pub version: i64,
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            topic,
            subject,
            version,
        } = self;
        write!(formatter, "{topic}: {subject} version {version}")
    }
}

/// One record of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// What it tells of.
    pub change: Change,
    /// Identifies the event, however often it is delivered.
    pub event_id: Uuid,
}

/// Something that a change brings about, exactly once.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Effect {
    /// What it is, such as `next occurrence`.
    pub kind: &'static str,
    /// What it was brought about by; no other effect of this kind has the same cause.
    pub cause: String,
}

impl fmt::Display for Effect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, cause } = self;
        write!(formatter, "{kind} of {cause}")
    }
}

/// What a run has left behind.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The changes that were committed or answered: an event tells of each.
    pub changes: Vec<Change>,
    /// The records of all topics, those of one partition in their order.
    pub arrivals: Vec<Arrival>,
    /// The effects that must be there.
    pub due: Vec<Effect>,
    /// The effects that are there, each as often as it was brought about.
    pub effects: Vec<Effect>,
}
