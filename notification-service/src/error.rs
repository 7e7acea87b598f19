//! Errors of calls.

use service_runtime::{
    grpc::{ApiError, ErrorCode, FieldViolation, error::STALE_ETAG, status},
    idempotency::IdempotencyConflict,
    postgres::{DatabaseError, DatabaseFault},
};

/// Error of an operation.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the request is invalid")]
    InvalidFields(Vec<FieldViolation>),
    /// The preferences changed since the caller read them, to this version.
    #[error(
        "the preferences have changed since they were read; read them again and repeat the change with the new etag"
    )]
    StalePreferences(i64),
    /// The request_id was used for another call.
    #[error(transparent)]
    IdempotencyConflict(#[from] IdempotencyConflict),
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl DatabaseFault for Error {
    fn database_error(&self) -> Option<&DatabaseError> {
        match self {
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
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
            Self::StalePreferences(_) => ErrorCode::StaleEtag,
            Self::IdempotencyConflict(_) => ErrorCode::AlreadyExists,
            Self::Database(DatabaseError::Unavailable(_)) => ErrorCode::Unavailable,
            Self::Database(DatabaseError::Query(_)) => ErrorCode::Internal,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::InvalidFields(_) => "INVALID_FIELD",
            Self::StalePreferences(_) => STALE_ETAG,
            Self::IdempotencyConflict(_) => "IDEMPOTENCY_CONFLICT",
            Self::Database(DatabaseError::Unavailable(_)) => "DATABASE_UNAVAILABLE",
            Self::Database(DatabaseError::Query(_)) => "INTERNAL",
        }
    }

    fn violations(&self) -> Vec<FieldViolation> {
        match self {
            Self::InvalidFields(violations) => violations.clone(),
            _ => Vec::new(),
        }
    }

    fn metadata(&self) -> Vec<(String, String)> {
        match self {
            Self::StalePreferences(version) => vec![("etag".to_owned(), version.to_string())],
            _ => Vec::new(),
        }
    }
}
