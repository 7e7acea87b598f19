use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Value, json};
use service_runtime::grpc::ErrorCode;

use crate::{answer::Answer, error::Error};

/// Turns an error into the result of a tool call, in the words that HTTP uses, and says what to do next. Returns its
/// reason too.
pub(super) fn tool_error(error: &Error) -> (CallToolResult, String) {
    let answer = Answer::to(error);
    let mut body = json!({
        "code": answer.code.name(),
        "reason": answer.reason,
        "message": answer.message,
    });
    if !answer.violations.is_empty() {
        let fields = answer.violations.iter().map(
            |violation| json!({"field": violation.field, "description": violation.description}),
        );
        body["fields"] = Value::Array(fields.collect());
    }
    if let Some(trace) = answer.metadata.get("trace_id") {
        body["trace_id"] = trace.as_str().into();
    }
    body["next"] = next(answer.code).into();
    // No structured content: it would have to conform to the schema of a success.
    let text = ContentBlock::text(body.to_string());
    (CallToolResult::error(vec![text]), answer.reason)
}

/// Says what a model can do about a kind of error.
fn next(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidArgument | ErrorCode::OutOfRange => {
            "Correct the named fields and call the tool again."
        }
        ErrorCode::NotFound => "Check the id; list what there is to find the right one.",
        ErrorCode::AlreadyExists => {
            "Nothing needs to be done if this is what was wanted; else use other values."
        }
        ErrorCode::FailedPrecondition => {
            "Read the present state and decide whether the call still makes sense."
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
