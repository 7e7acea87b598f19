use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderValue, header};

/// Forbids browsers to guess the type of an answer, and to send its URL, which may hold a ticket, to other servers.
pub async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
