//! Errors of calls.

use service_runtime::{
    grpc::{ApiError, ErrorCode, FieldViolation, UpstreamError, status},
    kafka::HistoryError,
};

/// Error that ends a stream or prevents its start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the request is invalid")]
    InvalidFields(Vec<FieldViolation>),
    /// The user has too many streams.
    #[error("you have {0} open streams, the maximum per user; close one first")]
    TooManyStreamsOfUser(usize),
    /// All users together have too many streams.
    #[error("too many streams are open; try again later")]
    TooManyStreams,
    /// The changes are not read yet.
    #[error("this replica is still starting; try again in a moment")]
    NotReady,
    #[error("this replica is shutting down; reconnect with the last resume_token")]
    Stopping,
    /// Changes of before cannot be read.
    #[error("earlier changes cannot be read")]
    Past(#[source] HistoryError),
    /// The task-service could not be asked.
    #[error("the call to the task-service failed")]
    Tasks(#[from] UpstreamError),
}

impl From<Error> for tonic::Status {
    fn from(error: Error) -> Self {
        status(&error)
    }
}

impl ApiError for Error {
    fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidFields(_) => ErrorCode::InvalidArgument,
            Self::TooManyStreamsOfUser(_) | Self::TooManyStreams => ErrorCode::ResourceExhausted,
            Self::NotReady | Self::Stopping | Self::Past(_) => ErrorCode::Unavailable,
            Self::Tasks(error) => error.code(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::InvalidFields(_) => "INVALID_FIELD",
            Self::TooManyStreamsOfUser(_) => "TOO_MANY_STREAMS",
            Self::TooManyStreams => "OVERLOADED",
            Self::NotReady => "FEED_NOT_READY",
            Self::Stopping => "STOPPING",
            Self::Past(_) => "BROKER_UNAVAILABLE",
            Self::Tasks(error) => error.reason(),
        }
    }

    fn violations(&self) -> Vec<FieldViolation> {
        match self {
            Self::InvalidFields(violations) => violations.clone(),
            _ => Vec::new(),
        }
    }
}
