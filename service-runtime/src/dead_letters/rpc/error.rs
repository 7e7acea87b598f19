use crate::{
    dead_letters::DeadLetterError,
    grpc::{ApiError, ErrorCode, FieldViolation},
};

/// A request with a wrong field.
#[derive(Debug, thiserror::Error)]
#[error("invalid request: {}: {}", .0.field, .0.description)]
pub(super) struct InvalidRequest(pub(super) FieldViolation);

impl ApiError for InvalidRequest {
    fn code(&self) -> ErrorCode {
        ErrorCode::InvalidArgument
    }

    fn reason(&self) -> &'static str {
        "INVALID_FIELD"
    }

    fn violations(&self) -> Vec<FieldViolation> {
        vec![self.0.clone()]
    }
}

impl ApiError for DeadLetterError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::UnknownTopic { .. } | Self::UnknownGroup { .. } => ErrorCode::InvalidArgument,
            Self::NotThere(_) | Self::NotHere { .. } => ErrorCode::NotFound,
            Self::Broker { .. } | Self::Send { .. } => ErrorCode::Unavailable,
            Self::Delete { .. } => ErrorCode::FailedPrecondition,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::UnknownTopic { .. } | Self::UnknownGroup { .. } => "INVALID_FIELD",
            Self::NotThere(_) | Self::NotHere { .. } => "DEAD_LETTER_NOT_FOUND",
            Self::Broker { .. } => "BROKER_UNAVAILABLE",
            Self::Send { .. } => "DEAD_LETTER_NOT_SENT",
            Self::Delete { .. } => "DELETION_REFUSED",
        }
    }

    fn violations(&self) -> Vec<FieldViolation> {
        match self {
            Self::UnknownTopic { known, .. } => vec![FieldViolation::new(
                "filter.topic",
                format!("is not a topic with dead letters here; choose one of {known}"),
            )],
            _ => Vec::new(),
        }
    }
}
