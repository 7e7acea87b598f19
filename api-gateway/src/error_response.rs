//! Errors as clients see them: one form, from which HTTP and MCP make theirs.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use service_runtime::{
    error_chain,
    grpc::{ApiError, DOMAIN, ErrorCode, FieldViolation},
    telemetry::propagation,
};
use tonic::Status;
use tonic_types::StatusExt;
use tracing::{error, warn};

use crate::error::Error;

const RETRY_SOON: Duration = Duration::from_secs(1);

/// Error as a client sees it, without its cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorResponse {
    /// Code of the error.
    pub code: ErrorCode,
    /// HTTP status.
    pub http: u16,
    /// Constant that identifies the error.
    pub reason: String,
    /// Human-readable description.
    pub message: String,
    /// Additional values, such as the id of what was not found.
    pub metadata: BTreeMap<String, String>,
    /// Invalid fields.
    pub violations: Vec<FieldViolation>,
    /// Minimum delay before a retry, if a retry makes sense.
    pub retry_after: Option<Duration>,
}

impl ErrorResponse {
    /// Returns the response to an error; logs the cause, which the client does not see.
    pub fn new(error: &Error) -> Self {
        let mut answer = Self::of(error);
        match answer.code {
            ErrorCode::Internal => {
                error!(
                    error.r#type = answer.reason,
                    "request failed: {}",
                    error_chain(error)
                );
                if let Some(trace) = propagation::current() {
                    answer
                        .metadata
                        .insert("trace_id".to_owned(), trace.trace_id());
                }
            }
            ErrorCode::Unavailable => {
                warn!(
                    error.r#type = answer.reason,
                    "request failed, the client may retry: {}",
                    error_chain(error)
                );
            }
            _ => {}
        }
        answer
    }

    /// Returns the wrong fields as JSON.
    pub fn violations_json(&self) -> Value {
        let violations = self.violations.iter().map(
            |violation| json!({"field": violation.field, "description": violation.description}),
        );
        violations.collect()
    }

    /// Returns the delay before a retry, in whole seconds, rounded up.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        let delay = self.retry_after?;
        Some(delay.as_secs() + u64::from(delay.subsec_nanos() > 0))
    }

    fn of(error: &Error) -> Self {
        use ErrorCode::{Internal, InvalidArgument, Unimplemented};
        let message = error.to_string();
        let own = |code: ErrorCode, reason: &str| Self::with_reason(code, reason, message.clone());
        match error {
            Error::InvalidFields(violations) => Self {
                violations: violations.clone(),
                ..own(InvalidArgument, "INVALID_FIELD")
            },
            Error::Json(_) => own(InvalidArgument, "INVALID_JSON"),
            Error::Refused {
                code, http, reason, ..
            } => Self {
                http: *http,
                ..own(*code, reason)
            },
            Error::MethodNotAllowed { .. } => Self {
                http: 405,
                ..own(Unimplemented, "METHOD_NOT_ALLOWED")
            },
            Error::TooManyRequests { wait, .. } => Self {
                retry_after: Some(*wait),
                ..own(ErrorCode::ResourceExhausted, "TOO_MANY_REQUESTS")
            },
            Error::Auth(cause) => match cause.code() {
                code @ ErrorCode::Unavailable => {
                    Self::with_reason(code, cause.reason(), generic(code))
                }
                code => own(code, cause.reason()),
            },
            Error::Upstream { status, .. } => Self::of_status(status),
            Error::Internal(_) => Self::with_reason(Internal, "INTERNAL", generic(Internal)),
        }
    }

    fn with_reason(code: ErrorCode, reason: &str, message: impl Into<String>) -> Self {
        Self {
            code,
            http: code.http(),
            reason: reason.to_owned(),
            message: message.into(),
            metadata: BTreeMap::new(),
            violations: Vec::new(),
            retry_after: (code == ErrorCode::Unavailable).then_some(RETRY_SOON),
        }
    }

    /// Passes on errors that a service of the mesh reports with details, and describes all others in general words.
    fn of_status(status: &Status) -> Self {
        let code = match ErrorCode::of(status) {
            // The user's token was verified here; what a service refuses is the gateway's own.
            ErrorCode::Unauthenticated => ErrorCode::Internal,
            code => code,
        };
        let info = status.get_details_error_info();
        let Some(info) = info.filter(|info| info.domain == DOMAIN) else {
            return Self::with_reason(code, code.name(), generic(code));
        };
        let hidden = matches!(code, ErrorCode::Internal | ErrorCode::Unavailable);
        let message = if hidden {
            generic(code)
        } else {
            status.message()
        };
        let answer = Self::with_reason(code, &info.reason, message);
        let delay = status
            .get_details_retry_info()
            .and_then(|info| info.retry_delay);
        Self {
            metadata: info.metadata.into_iter().collect(),
            violations: FieldViolation::all_of(status),
            retry_after: delay.or(answer.retry_after),
            ..answer
        }
    }
}

/// Returns a description of an error without its cause.
fn generic(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidArgument => "the request is not valid",
        ErrorCode::Unauthenticated => "no valid token",
        ErrorCode::PermissionDenied => "not allowed",
        ErrorCode::NotFound => "not found",
        ErrorCode::AlreadyExists => "already exists",
        ErrorCode::FailedPrecondition => "not possible in the current state",
        ErrorCode::StaleEtag => "changed since it was read; read it again",
        ErrorCode::Aborted => "conflicted with another request, try again",
        ErrorCode::ResourceExhausted => "a limit is reached, try again later or ask for less",
        ErrorCode::OutOfRange => "out of range",
        ErrorCode::Cancelled => "the request was cancelled",
        ErrorCode::DeadlineExceeded => "no response in time, try again",
        ErrorCode::Unimplemented => "not available here",
        ErrorCode::Unavailable => "temporarily unavailable, try again",
        ErrorCode::Internal => "internal error",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tonic::Code;
    use tonic_types::ErrorDetails;

    use super::*;

    fn upstream(status: Status) -> ErrorResponse {
        ErrorResponse::new(&Error::Upstream {
            rpc: "test.Service.Call".to_owned(),
            status: Box::new(status),
        })
    }

    #[test]
    fn error_with_details_is_passed_on() {
        let details = ErrorDetails::with_error_info(
            "TASK_NOT_FOUND",
            DOMAIN,
            HashMap::<String, String>::new(),
        );
        let status = Status::with_error_details(Code::NotFound, "no task 7", details);
        let answer = upstream(status);
        assert_eq!(
            (answer.http, answer.reason.as_str()),
            (404, "TASK_NOT_FOUND")
        );
        assert_eq!(answer.message, "no task 7");
    }

    #[test]
    fn error_without_details_is_hidden() {
        for status in [
            Status::unavailable("tcp connect error: 10.0.0.7:5432"),
            Status::unknown("panicked at src/main.rs"),
            Status::invalid_argument("protobuf: wire type"),
            Status::deadline_exceeded("Timeout expired at 10.0.0.7"),
        ] {
            let inner = status.message().to_owned();
            let answer = upstream(status);
            assert!(!format!("{answer:?}").contains(&inner), "{answer:?}");
        }
    }

    #[test]
    fn refused_token_of_gateway_is_internal_error() {
        assert_eq!(upstream(Status::unauthenticated("who?")).http, 500);
    }

    #[test]
    fn unavailable_has_a_retry_delay() {
        let answer = upstream(Status::unavailable(""));
        assert_eq!((answer.http, answer.retry_after), (503, Some(RETRY_SOON)));
    }
}
