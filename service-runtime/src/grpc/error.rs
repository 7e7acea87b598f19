//! Error codes, for gRPC and HTTP side by side, and what an error must tell to become an answer.

use tonic::{Code, Status, TimeoutExpired};
use tonic_types::StatusExt;

/// The reason that tells a stale etag from other aborted calls.
pub const STALE_ETAG: &str = "STALE_ETAG";

/// What kind of error a call ends with; each stands for one gRPC code and one HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The request is wrong, whatever the state of the system.
    InvalidArgument,
    /// The call has no valid token.
    Unauthenticated,
    /// The caller may not do this.
    PermissionDenied,
    /// The thing does not exist, or not for this caller.
    NotFound,
    /// The thing to be created exists.
    AlreadyExists,
    /// The thing is not in a state that allows this.
    FailedPrecondition,
    /// The thing changed since the caller read it.
    StaleEtag,
    /// The call collided with another one and may be tried again.
    Aborted,
    /// A limit is reached.
    ResourceExhausted,
    /// The request reaches past what there is.
    OutOfRange,
    /// The caller gave up.
    Cancelled,
    /// The call took longer than it may.
    DeadlineExceeded,
    /// The method does not exist here.
    Unimplemented,
    /// Something that is needed is away for the moment; worth another try.
    Unavailable,
    /// A fault of the service.
    Internal,
}

impl ErrorCode {
    /// Returns the gRPC code.
    pub fn grpc(self) -> Code {
        self.row().0
    }

    /// Returns the HTTP status.
    pub fn http(self) -> u16 {
        self.row().1
    }

    /// Returns the gRPC code's name, such as `NOT_FOUND`.
    pub fn name(self) -> &'static str {
        self.row().2
    }

    /// Returns the code of an answer, one's own or another service's.
    pub fn of(status: &Status) -> Self {
        match status.code() {
            Code::InvalidArgument => Self::InvalidArgument,
            Code::Unauthenticated => Self::Unauthenticated,
            Code::PermissionDenied => Self::PermissionDenied,
            Code::NotFound => Self::NotFound,
            Code::AlreadyExists => Self::AlreadyExists,
            Code::FailedPrecondition => Self::FailedPrecondition,
            Code::Aborted if has_reason(status, STALE_ETAG) => Self::StaleEtag,
            Code::Aborted => Self::Aborted,
            Code::ResourceExhausted => Self::ResourceExhausted,
            Code::OutOfRange => Self::OutOfRange,
            // The client's own timer reports a deadline that way.
            Code::Cancelled if is_timeout(status) => Self::DeadlineExceeded,
            Code::Cancelled => Self::Cancelled,
            Code::DeadlineExceeded => Self::DeadlineExceeded,
            Code::Unimplemented => Self::Unimplemented,
            Code::Unavailable => Self::Unavailable,
            Code::Ok | Code::Unknown | Code::DataLoss | Code::Internal => Self::Internal,
        }
    }

    fn row(self) -> (Code, u16, &'static str) {
        match self {
            Self::InvalidArgument => (Code::InvalidArgument, 400, "INVALID_ARGUMENT"),
            Self::Unauthenticated => (Code::Unauthenticated, 401, "UNAUTHENTICATED"),
            Self::PermissionDenied => (Code::PermissionDenied, 403, "PERMISSION_DENIED"),
            Self::NotFound => (Code::NotFound, 404, "NOT_FOUND"),
            Self::AlreadyExists => (Code::AlreadyExists, 409, "ALREADY_EXISTS"),
            Self::FailedPrecondition => (Code::FailedPrecondition, 400, "FAILED_PRECONDITION"),
            Self::StaleEtag => (Code::Aborted, 412, "ABORTED"),
            Self::Aborted => (Code::Aborted, 409, "ABORTED"),
            Self::ResourceExhausted => (Code::ResourceExhausted, 429, "RESOURCE_EXHAUSTED"),
            Self::OutOfRange => (Code::OutOfRange, 400, "OUT_OF_RANGE"),
            Self::Cancelled => (Code::Cancelled, 499, "CANCELLED"),
            Self::DeadlineExceeded => (Code::DeadlineExceeded, 504, "DEADLINE_EXCEEDED"),
            Self::Unimplemented => (Code::Unimplemented, 501, "UNIMPLEMENTED"),
            Self::Unavailable => (Code::Unavailable, 503, "UNAVAILABLE"),
            Self::Internal => (Code::Internal, 500, "INTERNAL"),
        }
    }
}

fn has_reason(status: &Status, reason: &str) -> bool {
    status
        .get_details_error_info()
        .is_some_and(|info| info.reason == reason)
}

fn is_timeout(status: &Status) -> bool {
    let mut cause = std::error::Error::source(status);
    while let Some(error) = cause {
        if error.is::<TimeoutExpired>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// One wrong field of a request, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldViolation {
    /// The field's path, such as `reminders[1].before_due`.
    pub field: String,
    /// What is wrong and how to mend it, in words that follow the field's name, such as "must not be empty".
    pub description: String,
}

impl FieldViolation {
    /// Names the field and the cure.
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            description: description.into(),
        }
    }

    /// Reads the violations from another service's answer; none if it has none.
    pub fn all_of(status: &Status) -> Vec<Self> {
        status
            .get_details_bad_request()
            .into_iter()
            .flat_map(|details| details.field_violations)
            .map(|violation| Self::new(violation.field, violation.description))
            .collect()
    }
}

/// An error that a caller gets to see. Its `Display` is the message, except for `Internal` and `Unavailable`.
pub trait ApiError: std::error::Error {
    /// Returns the kind of error.
    fn code(&self) -> ErrorCode;

    /// Returns the constant that programs tell this error by, such as `TASK_NOT_FOUND`.
    fn reason(&self) -> &'static str;

    /// Returns the wrong fields; with any, the message names them.
    fn violations(&self) -> Vec<FieldViolation> {
        Vec::new()
    }

    /// Returns more to tell programs, such as the id of the task that was not found.
    fn metadata(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_survives_the_way_through_a_status() {
        for code in [
            ErrorCode::InvalidArgument,
            ErrorCode::Unauthenticated,
            ErrorCode::PermissionDenied,
            ErrorCode::NotFound,
            ErrorCode::AlreadyExists,
            ErrorCode::FailedPrecondition,
            ErrorCode::Aborted,
            ErrorCode::ResourceExhausted,
            ErrorCode::OutOfRange,
            ErrorCode::Cancelled,
            ErrorCode::DeadlineExceeded,
            ErrorCode::Unimplemented,
            ErrorCode::Unavailable,
            ErrorCode::Internal,
        ] {
            assert_eq!(ErrorCode::of(&Status::new(code.grpc(), "")), code);
        }
    }

    #[test]
    fn a_stale_etag_is_told_from_other_aborted_calls_by_its_reason() {
        let details = tonic_types::ErrorDetails::with_error_info(
            STALE_ETAG,
            "taskmesh",
            std::collections::HashMap::<String, String>::new(),
        );
        let status = Status::with_error_details(Code::Aborted, "", details);
        assert_eq!(ErrorCode::of(&status), ErrorCode::StaleEtag);
        assert_eq!(ErrorCode::StaleEtag.http(), 412);
    }

    #[test]
    fn a_timeout_of_the_client_itself_is_a_deadline() {
        let status = Status::from_error(Box::new(TimeoutExpired(())));
        assert_eq!(ErrorCode::of(&status), ErrorCode::DeadlineExceeded);
    }
}
