use service_runtime::grpc::{ApiError, ErrorCode, FieldViolation, status};

use crate::domain::SeriesError;

/// Error of a call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Single fields of the request are wrong.
    #[error("the request has invalid fields")]
    Invalid(Vec<FieldViolation>),
    /// The fields are right, but no series can be made of them.
    #[error("the rule and the start do not form a series: it {0}")]
    NoSeries(#[from] SeriesError),
}

impl From<Error> for tonic::Status {
    fn from(error: Error) -> Self {
        status(&error)
    }
}

impl ApiError for Error {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(_) | Self::NoSeries(_) => ErrorCode::InvalidArgument,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(_) | Self::NoSeries(_) => "INVALID_FIELD",
        }
    }

    fn violations(&self) -> Vec<FieldViolation> {
        match self {
            Self::Invalid(violations) => violations.clone(),
            Self::NoSeries(cause) => {
                vec![FieldViolation::new(field_of(cause), cause.to_string())]
            }
        }
    }
}

fn field_of(cause: &SeriesError) -> &'static str {
    match cause {
        SeriesError::StartOutOfRange(_) => "start_time",
        SeriesError::NotFromCompletion(_)
        | SeriesError::EndsBeforeFirst
        | SeriesError::NeverHappens => "recurrence_rule",
    }
}
