//! Answers that the layers give instead of the handler.

use std::time::Duration;

use axum::response::Response;
use tonic::Status;
use tonic_types::StatusExt;

use crate::grpc::{
    error::{ApiError, ErrorCode},
    status::status,
};

/// Why a call did not reach its handler, or was taken from it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("too many concurrent calls; try again in a moment")]
    Overloaded,
    #[error("deadline exceeded; request less or allow more time")]
    DeadlineExceeded,
    #[error("the service is shutting down")]
    Stopping,
    #[error("the handler panicked: {0}")]
    Panic(String),
    #[error("the message is longer than the limit of {limit} bytes; send less")]
    TooLarge { limit: u32 },
}

impl ApiError for Refusal {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Overloaded | Self::TooLarge { .. } => ErrorCode::ResourceExhausted,
            Self::DeadlineExceeded => ErrorCode::DeadlineExceeded,
            Self::Stopping => ErrorCode::Unavailable,
            Self::Panic(_) => ErrorCode::Internal,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Overloaded => "OVERLOADED",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::Stopping => "STOPPING",
            Self::Panic(_) => "INTERNAL",
            Self::TooLarge { .. } => "MESSAGE_TOO_LARGE",
        }
    }
}

/// Answers with the error.
pub(super) fn refuse(error: &dyn ApiError) -> Response {
    status(error).into_http()
}

/// Answers with the error, and when to try again.
pub(super) fn refuse_until(error: &dyn ApiError, delay: Duration) -> Response {
    let status = status(error);
    let mut details = status.get_error_details();
    details.set_retry_info(Some(delay));
    Status::with_error_details(status.code(), status.message(), details).into_http()
}
