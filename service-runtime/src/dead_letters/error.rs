use super::LetterName;
use crate::BoxError;

/// Why dead letters cannot be looked after.
#[derive(Debug, thiserror::Error)]
pub enum DeadLetterError {
    /// There is no such topic here.
    #[error("\"{asked}\" is not a topic with dead letters here; choose one of {known}")]
    UnknownTopic { asked: String, known: String },
    /// There is no such group.
    #[error("\"{asked}\" is not a consumer group; choose one of {known}")]
    UnknownGroup { asked: String, known: String },
    /// The letter is another service's, if anybody's.
    #[error("{name} is not managed here; dead letters of {known} are")]
    NotHere { name: LetterName, known: String },
    /// There is no such letter.
    #[error(
        "dead letter {0} does not exist, or was purged or expired; list the dead letters to find its name"
    )]
    NotThere(LetterName),
    /// The broker does not answer, or not in time.
    #[error("the broker at {servers} does not respond")]
    Broker {
        servers: String,
        #[source]
        cause: BoxError,
    },
    /// The broker does not take a letter back.
    #[error(
        "publishing {name} again failed after {sent} others; redrive all of them again when the cause is fixed, records that arrived have no second effect"
    )]
    Send {
        name: LetterName,
        sent: u64,
        #[source]
        cause: BoxError,
    },
    /// The broker does not delete letters.
    #[error(
        "the broker refuses to delete records of {topic}; it may not support DeleteRecords, or this user may lack the permission. The topic's retention deletes them as well"
    )]
    Delete {
        topic: String,
        #[source]
        cause: BoxError,
    },
}
