use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::json;
use service_runtime::grpc::ErrorCode;

use crate::error::{Error, ErrorResponse};

/// The reason for which a service refuses a request_id that another call had.
const IDEMPOTENCY_CONFLICT: &str = "IDEMPOTENCY_CONFLICT";

/// Turns an error into the result of a tool call, in the words that HTTP uses, and says what to do next. Returns its
/// reason too.
pub(super) fn tool_error(error: Error) -> (CallToolResult, String) {
    let answer = error.response();
    let mut body = json!({
        "code": answer.code.name(),
        "reason": answer.reason,
        "message": answer.message,
    });
    if !answer.violations.is_empty() {
        body["fields"] = answer.violations_json();
    }
    for (name, value) in &answer.metadata {
        // Values of a service never replace those that every error has.
        if body.get(name).is_none() {
            body[name] = value.as_str().into();
        }
    }
    body["next"] = next(&answer).into();
    // No structured content: it would have to conform to the schema of a success.
    let text = ContentBlock::text(body.to_string());
    (CallToolResult::error(vec![text]), answer.reason)
}

/// Says what a model can do about an error.
fn next(answer: &ErrorResponse) -> String {
    if answer.code == ErrorCode::AlreadyExists && answer.reason == IDEMPOTENCY_CONFLICT {
        return "Call again with a new UUID as the request_id.".to_owned();
    }
    match answer.retry_after_seconds() {
        Some(seconds) => format!("Wait {seconds} s, then try again with the same arguments."),
        None => next_after(answer.code).to_owned(),
    }
}

fn next_after(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidArgument | ErrorCode::OutOfRange => {
            "Correct the named fields and call the tool again."
        }
        ErrorCode::NotFound => "Check the id; list the resources to find the right one.",
        ErrorCode::AlreadyExists => {
            "Do nothing if this is the desired state; otherwise use other values."
        }
        ErrorCode::FailedPrecondition => {
            "Read the current state and decide whether the call still makes sense."
        }
        ErrorCode::StaleEtag => {
            "Read it again, check that the change still makes sense, and repeat it with the new etag."
        }
        ErrorCode::Aborted
        | ErrorCode::Unavailable
        | ErrorCode::DeadlineExceeded
        | ErrorCode::Cancelled => "Try again in a few seconds with the same arguments.",
        ErrorCode::ResourceExhausted => "Wait a minute or ask for less, then try again.",
        ErrorCode::PermissionDenied => "Do not try again; tell the user that this is not allowed.",
        ErrorCode::Unauthenticated => "Tell the user to sign in again.",
        ErrorCode::Unimplemented => "Do not try again; use another tool.",
        ErrorCode::Internal => {
            "Try once more; if it fails again, tell the user and give the trace id."
        }
    }
}
