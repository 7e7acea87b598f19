use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use service_runtime::grpc::{DOMAIN, ErrorCode};

use super::etag;
use crate::error::{Error, ErrorResponse, methods_text};

/// Answers with an error: a `google.rpc.Status` as JSON, with details.
pub fn problem(error: Error) -> Response {
    let answer = error.response();
    let status = StatusCode::from_u16(answer.http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    let mut response = (status, no_store, Json(status_json(&answer))).into_response();
    let headers = response.headers_mut();
    // A client with a stale etag gets the current one.
    if let (ErrorCode::StaleEtag, Some(etag)) = (answer.code, answer.metadata.get("etag"))
        && let Some(etag) = etag::quoted(etag)
    {
        headers.insert(header::ETAG, etag);
    }
    if let Some(seconds) = answer.retry_after_seconds() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if !answer.allowed.is_empty()
        && let Ok(value) = HeaderValue::from_str(&methods_text(&answer.allowed))
    {
        headers.insert(header::ALLOW, value);
    }
    response
}

/// Returns the error in the JSON form of `google.rpc.Status`, and the code's name beside its number.
pub(super) fn status_json(answer: &ErrorResponse) -> Value {
    let mut details = vec![json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": answer.reason,
        "domain": DOMAIN,
        "metadata": answer.metadata,
    })];
    if !answer.violations.is_empty() {
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "field_violations": answer.violations_json(),
        }));
    }
    if let Some(delay) = answer.retry_after {
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retry_delay": format!("{}s", delay.as_secs_f64()),
        }));
    }
    json!({
        "code": answer.code.grpc() as i32,
        "status": answer.code.name(),
        "message": answer.message,
        "details": details,
    })
}
