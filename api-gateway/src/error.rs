//! Errors as clients see them: one form, from which HTTP and MCP make theirs.

use std::{collections::BTreeMap, time::Duration};

use http::Method;
use serde_json::{Value, json};
use service_runtime::{
    BoxError, error_chain,
    grpc::{ApiError, AuthError, DOMAIN, ErrorCode, FieldViolation},
    telemetry::propagation,
};
use tonic::Status;
use tonic_types::StatusExt;
use tracing::{error, warn};

use crate::transcode::{AnswerFault, JsonFault};

const RETRY_SOON: Duration = Duration::from_secs(1);

/// Error of a request.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub struct Error(pub Box<ErrorResponse>);

/// Error as a client sees it, and its cause, which only the log has.
#[derive(Debug)]
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
    /// The methods that the path has, if the request has another one.
    pub allowed: Vec<Method>,
    cause: Option<BoxError>,
}

impl Error {
    /// Makes an error of a request that the gateway refuses.
    pub fn refused(code: ErrorCode, reason: &str, message: impl Into<String>) -> Self {
        Self(Box::new(ErrorResponse {
            code,
            http: code.http(),
            reason: reason.to_owned(),
            message: message.into(),
            metadata: BTreeMap::new(),
            violations: Vec::new(),
            retry_after: (code == ErrorCode::Unavailable).then_some(RETRY_SOON),
            allowed: Vec::new(),
            cause: None,
        }))
    }

    /// Sets another HTTP status than that of the code.
    #[must_use]
    pub fn with_status(mut self, http: u16) -> Self {
        self.0.http = http;
        self
    }

    /// Makes an error of a fault of the gateway.
    pub fn internal(cause: impl Into<BoxError>) -> Self {
        Self::hiding(ErrorCode::Internal, "INTERNAL", cause)
    }

    /// Makes an error of wrong fields.
    pub fn fields(violations: Vec<FieldViolation>) -> Self {
        let texts = violations
            .iter()
            .map(|violation| format!("{}: {}", violation.field, violation.description));
        let message = format!("invalid request: {}", texts.collect::<Vec<_>>().join("; "));
        let mut error = Self::refused(ErrorCode::InvalidArgument, "INVALID_FIELD", message);
        error.0.violations = violations;
        error
    }

    /// Makes an error of one wrong field.
    pub fn field(name: &str, description: impl Into<String>) -> Self {
        Self::fields(vec![FieldViolation::new(name, description)])
    }

    /// Makes an error of a wrong header.
    pub fn header(name: &str, hint: &str) -> Self {
        let message = format!("the header {name} {hint}");
        Self::refused(ErrorCode::InvalidArgument, "INVALID_HEADER", message)
    }

    /// Makes an error of a method that a path does not have.
    pub fn method_not_allowed(method: &Method, allowed: Vec<Method>) -> Self {
        let allowed_text = methods_text(&allowed);
        let message = format!("{method} is not allowed for this path; use {allowed_text}");
        let code = ErrorCode::Unimplemented;
        let mut error = Self::refused(code, "METHOD_NOT_ALLOWED", message).with_status(405);
        error.0.allowed = allowed;
        error
    }

    /// Makes an error of a transport that refuses the request: MCP, or the handshake of a WebSocket.
    pub fn transport(http: u16, message: impl Into<String>) -> Self {
        let code = match http {
            403 => ErrorCode::PermissionDenied,
            404 => ErrorCode::NotFound,
            405 => ErrorCode::Unimplemented,
            400..500 => ErrorCode::InvalidArgument,
            _ => ErrorCode::Internal,
        };
        Self::refused(code, "TRANSPORT", message).with_status(http)
    }

    /// Makes an error of what an RPC answered, or of what kept it from answering. Passes on errors that a service of the mesh reports
    /// with details, and describes all others in general words.
    pub fn upstream(rpc: &str, status: &Status) -> Self {
        let code = match ErrorCode::of(status) {
            // The user's token was verified here; what a service refuses is the gateway's own.
            ErrorCode::Unauthenticated => ErrorCode::Internal,
            code => code,
        };
        let cause = format!("{rpc} answered {:?}: {}", status.code(), status.message());
        let info = status.get_details_error_info();
        let Some(info) = info.filter(|info| info.domain == DOMAIN) else {
            return Self::hiding(code, code.name(), cause);
        };
        let mut error = Self::hiding(code, &info.reason, cause);
        let answer = &mut error.0;
        if !matches!(code, ErrorCode::Internal | ErrorCode::Unavailable) {
            status.message().clone_into(&mut answer.message);
        }
        let delay = status.get_details_retry_info();
        let delay = delay.and_then(|info| info.retry_delay);
        answer.retry_after = delay.or(answer.retry_after);
        answer.metadata = info.metadata.into_iter().collect();
        answer.violations = FieldViolation::all_of(status);
        error
    }

    /// Makes an error whose cause the client does not see.
    fn hiding(code: ErrorCode, reason: &str, cause: impl Into<BoxError>) -> Self {
        let mut error = Self::refused(code, reason, generic(code));
        error.0.cause = Some(cause.into());
        error
    }

    /// Returns what the client sees; logs the cause.
    pub fn response(self) -> ErrorResponse {
        let mut answer = *self.0;
        let cause = match &answer.cause {
            Some(cause) => error_chain(cause.as_ref()),
            None => answer.message.clone(),
        };
        match answer.code {
            ErrorCode::Internal => {
                error!(error.r#type = answer.reason, "request failed: {cause}");
                if let Some(trace) = propagation::current() {
                    let name = "trace_id".to_owned();
                    answer.metadata.insert(name, trace.trace_id());
                }
            }
            ErrorCode::Unavailable => {
                warn!(
                    error.r#type = answer.reason,
                    "request failed, the client may retry: {cause}"
                );
            }
            _ => {}
        }
        answer
    }
}

impl ErrorResponse {
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
}

impl From<JsonFault> for Error {
    fn from(fault: JsonFault) -> Self {
        let message = fault.to_string();
        Self::refused(ErrorCode::InvalidArgument, "INVALID_JSON", message)
    }
}

impl From<AuthError> for Error {
    fn from(cause: AuthError) -> Self {
        match cause.code() {
            code @ ErrorCode::Unavailable => Self::hiding(code, cause.reason(), cause),
            code => Self::refused(code, cause.reason(), cause.to_string()),
        }
    }
}

impl From<AnswerFault> for Error {
    fn from(fault: AnswerFault) -> Self {
        Self::internal(fault)
    }
}

/// Returns the methods as the header `Allow` lists them.
pub fn methods_text(methods: &[Method]) -> String {
    let names: Vec<&str> = methods.iter().map(Method::as_str).collect();
    names.join(", ")
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
        Error::upstream("test.Service.Call", &status).response()
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
            let answer = ErrorResponse {
                cause: None,
                ..upstream(status)
            };
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
