use super::LetterName;
use crate::BoxError;

/// Why dead letters cannot be looked after.
#[derive(Debug, thiserror::Error)]
pub enum DeadLetterError {
    /// There is no such topic here.
    #[error("\"{asked}\" has no dead letters here: choose one of {known}")]
    UnknownTopic {
        /// The topic that was asked for.
        asked: String,
        /// Those that there are.
        known: String,
    },
    /// There is no such group.
    #[error("\"{asked}\" is no consumer group: choose one of {known}")]
    UnknownGroup {
        /// The group that was asked for.
        asked: String,
        /// Those that there are.
        known: String,
    },
    /// The letter is another service's, if anybody's.
    #[error("{name} is not looked after here: those of {known} are")]
    NotHere {
        /// The letter.
        name: LetterName,
        /// The dead-letter topics that are.
        known: String,
    },
    /// There is no such letter.
    #[error(
        "there is no dead letter {0}: it was purged, is past its retention, or never was; list those that there are"
    )]
    NotThere(LetterName),
    /// The broker does not answer, or not in time.
    #[error("the broker at {servers} does not answer")]
    Broker {
        /// Its address.
        servers: String,
        /// What the client says.
        #[source]
        cause: BoxError,
    },
    /// The broker does not take a letter back.
    #[error(
        "{name} could not be sent back, {sent} before it were: once the cause is gone, send all of them again, which changes nothing for those that arrived"
    )]
    Send {
        /// The letter.
        name: LetterName,
        /// How many were sent before.
        sent: u64,
        /// What the client says.
        #[source]
        cause: BoxError,
    },
    /// The broker does not delete letters.
    #[error(
        "the broker does not delete records of {topic}: it may not know DeleteRecords, or not allow it to this user; the topic's retention deletes them too"
    )]
    Delete {
        /// The dead-letter topic, or several.
        topic: String,
        /// What the broker says.
        #[source]
        cause: BoxError,
    },
}
