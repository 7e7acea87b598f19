//! From an error to the answer: `google.rpc.Status` with details.

use std::collections::HashMap;

use tonic::Status;
use tonic_types::{ErrorDetails, FieldViolation as WireViolation, StatusExt};
use tracing::{error, warn};

use super::error::{ApiError, ErrorCode, FieldViolation};
use crate::{error_chain::error_chain, postgres::DatabaseError, telemetry::propagation};

/// Whose reasons these are (`google.rpc.ErrorInfo.domain`).
pub const DOMAIN: &str = "taskmesh";

// An answer travels in HTTP headers, which clients limit to a few kilobytes.
const MAXIMUM_VIOLATIONS: usize = 10;
const MAXIMUM_CHARACTERS: usize = 200;

/// Turns an error into the answer of a call.
///
/// `Internal` and `Unavailable` say nothing of their cause to the caller; the whole chain of causes is logged here, once.
pub fn status(error: &dyn ApiError) -> Status {
    let code = error.code();
    // The fields were checked before; this is for one that was forgotten.
    let unstorable = error
        .source()
        .is_some_and(DatabaseError::unstorable_text_in);
    if code == ErrorCode::Internal && unstorable {
        warn!(
            "error.type" = error.reason(),
            "text with U+0000 reached the database, rejecting the call: {}",
            error_chain(error)
        );
        return status(&UnstorableText);
    }
    let violations = shortened(error.violations());
    let mut metadata: HashMap<String, String> = error.metadata().into_iter().collect();
    let message = match code {
        ErrorCode::Internal => {
            error!(
                "error.type" = error.reason(),
                "call failed: {}",
                error_chain(error)
            );
            if let Some(trace) = propagation::current() {
                metadata.insert("trace_id".to_owned(), trace.trace_id());
            }
            "internal error".to_owned()
        }
        ErrorCode::Unavailable => {
            warn!(
                "error.type" = error.reason(),
                "call failed, the client may retry: {}",
                error_chain(error)
            );
            "temporarily unavailable, try again".to_owned()
        }
        _ if violations.is_empty() => error.to_string(),
        _ => message_of(&violations),
    };

    let mut details = ErrorDetails::with_error_info(error.reason(), DOMAIN, metadata);
    if !violations.is_empty() {
        let violations: Vec<_> = violations
            .into_iter()
            .map(|violation| WireViolation::new(violation.field, violation.description))
            .collect();
        details.set_bad_request(violations);
    }
    Status::with_error_details(code.grpc(), message, details)
}

/// A text with U+0000, which PostgreSQL cannot store.
#[derive(Debug, thiserror::Error)]
#[error("a text of the request has the character U+0000; remove it")]
struct UnstorableText;

impl ApiError for UnstorableText {
    fn code(&self) -> ErrorCode {
        ErrorCode::InvalidArgument
    }

    fn reason(&self) -> &'static str {
        "INVALID_TEXT"
    }
}

fn message_of(violations: &[FieldViolation]) -> String {
    let parts: Vec<_> = violations
        .iter()
        .map(|violation| format!("{}: {}", violation.field, violation.description))
        .collect();
    format!("invalid request: {}", parts.join("; "))
}

fn shortened(violations: Vec<FieldViolation>) -> Vec<FieldViolation> {
    let shorten = |text: String| match text.char_indices().nth(MAXIMUM_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    };
    violations
        .into_iter()
        .take(MAXIMUM_VIOLATIONS)
        .map(|violation| {
            FieldViolation::new(shorten(violation.field), shorten(violation.description))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum Failure {
        #[error("no such task")]
        Missing,
        #[error("the request is wrong")]
        Wrong(Vec<FieldViolation>),
        #[error("the query failed")]
        Broken(#[source] std::io::Error),
    }

    impl ApiError for Failure {
        fn code(&self) -> ErrorCode {
            match self {
                Self::Missing => ErrorCode::NotFound,
                Self::Wrong(_) => ErrorCode::InvalidArgument,
                Self::Broken(_) => ErrorCode::Internal,
            }
        }

        fn reason(&self) -> &'static str {
            match self {
                Self::Missing => "TASK_NOT_FOUND",
                Self::Wrong(_) => "INVALID_FIELD",
                Self::Broken(_) => "INTERNAL",
            }
        }

        fn violations(&self) -> Vec<FieldViolation> {
            match self {
                Self::Wrong(violations) => violations.clone(),
                _ => Vec::new(),
            }
        }
    }

    #[test]
    fn every_answer_carries_reason_and_domain() {
        let status = status(&Failure::Missing);
        assert_eq!(status.message(), "no such task");
        let info = status.get_details_error_info().unwrap();
        assert_eq!(
            (info.reason.as_str(), info.domain.as_str()),
            ("TASK_NOT_FOUND", "taskmesh")
        );
    }

    #[test]
    fn a_wrong_request_names_field_and_cure_in_the_message_and_in_the_details() {
        let status = status(&Failure::Wrong(vec![
            FieldViolation::new("title", "must not be empty"),
            FieldViolation::new("due_time", "needs an offset"),
        ]));
        assert_eq!(
            status.message(),
            "invalid request: title: must not be empty; due_time: needs an offset"
        );
        assert_eq!(FieldViolation::all_of(&status).len(), 2);
    }

    #[test]
    fn an_answer_with_many_violations_stays_small_enough_for_its_headers() {
        let violation = FieldViolation::new("f".repeat(1_000), "ü".repeat(1_000));
        let status = status(&Failure::Wrong(vec![violation; 1_000]));
        assert!(status.message().chars().count() < 5_000);
        assert_eq!(FieldViolation::all_of(&status).len(), MAXIMUM_VIOLATIONS);
    }

    #[tokio::test]
    async fn a_fault_is_told_without_its_cause_and_with_the_trace_id() {
        let fault = Failure::Broken(std::io::Error::other("password of host db.internal"));
        let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned();
        let status =
            propagation::with_traceparent(Some(traceparent), async { status(&fault) }).await;
        assert_eq!(status.message(), "internal error");
        let info = status.get_details_error_info().unwrap();
        assert_eq!(
            info.metadata["trace_id"],
            "0af7651916cd43dd8448eb211c80319c"
        );
        assert!(!format!("{status:?}").contains("db.internal"));
    }
}
