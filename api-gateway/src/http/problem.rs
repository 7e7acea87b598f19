use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use service_runtime::grpc::{DOMAIN, ErrorCode};

use super::etag;
use crate::{
    answer::Answer,
    error::{Error, methods_text},
};

/// Answers with an error: a `google.rpc.Status` as JSON, with details.
pub fn problem(error: &Error) -> Response {
    let answer = Answer::to(error);
    let mut response = answer_response(&answer);
    if let Error::MethodNotAllowed { allowed, .. } = error
        && let Ok(value) = HeaderValue::from_str(&methods_text(allowed))
    {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}

fn answer_response(answer: &Answer) -> Response {
    let status = StatusCode::from_u16(answer.http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = Body::from(status_json(answer).to_string());
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // What has changed since it was read is now this.
    if let (ErrorCode::StaleEtag, Some(etag)) = (answer.code, answer.metadata.get("etag"))
        && let Some(etag) = etag::quoted(etag)
    {
        headers.insert(header::ETAG, etag);
    }
    if let Some(delay) = answer.retry_after {
        // The header counts whole seconds, and too early is worse than too late.
        let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Returns the error in the JSON form of `google.rpc.Status`, and the code's name beside its number.
pub(super) fn status_json(answer: &Answer) -> Value {
    let metadata: Map<String, Value> = answer
        .metadata
        .iter()
        .map(|(key, value)| (key.clone(), value.as_str().into()))
        .collect();
    let mut details = vec![json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": answer.reason,
        "domain": DOMAIN,
        "metadata": metadata,
    })];
    if !answer.violations.is_empty() {
        let violations = answer.violations.iter().map(
            |violation| json!({"field": violation.field, "description": violation.description}),
        );
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "field_violations": violations.collect::<Vec<_>>(),
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
