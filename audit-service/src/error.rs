//! Errors of calls.

use openssl::error::ErrorStack;
use service_runtime::{
    grpc::{ApiError, ErrorCode, FieldViolation, RoleMissing, status},
    postgres::{DatabaseError, DatabaseFault},
};

/// Error of an operation.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the request is invalid")]
    InvalidFields(Vec<FieldViolation>),
    /// The caller may not read the records of other users.
    #[error(transparent)]
    RoleMissing(#[from] RoleMissing),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("signing a checkpoint failed")]
    Signature(#[from] ErrorStack),
    #[error("exporting records failed")]
    Unwritten(#[source] service_runtime::BoxError),
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
            Self::RoleMissing(cause) => cause.code(),
            Self::Database(DatabaseError::Unavailable(_)) => ErrorCode::Unavailable,
            Self::Database(DatabaseError::Query(_)) | Self::Signature(_) | Self::Unwritten(_) => {
                ErrorCode::Internal
            }
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::InvalidFields(_) => "INVALID_FIELD",
            Self::RoleMissing(cause) => cause.reason(),
            Self::Database(DatabaseError::Unavailable(_)) => "DATABASE_UNAVAILABLE",
            Self::Database(DatabaseError::Query(_)) | Self::Signature(_) | Self::Unwritten(_) => {
                "INTERNAL"
            }
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
            Self::RoleMissing(cause) => cause.metadata(),
            _ => Vec::new(),
        }
    }
}
