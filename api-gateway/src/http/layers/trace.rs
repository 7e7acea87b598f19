use axum::{extract::Request, middleware::Next, response::Response};
use http::HeaderValue;
use service_runtime::telemetry::propagation;
use tokio::time::Instant;
use tracing::info;

use crate::metrics;

const HEADER: &str = "traceparent";

/// Answers a request as part of the trace that its `traceparent` names, or of a new one; the answer names it too.
pub async fn trace(mut request: Request, next: Next) -> Response {
    let parent = request.headers().get(HEADER);
    let parent = parent
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    propagation::with_traceparent(parent, async move {
        let started = Instant::now();
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        if let Some(context) = propagation::current() {
            request.extensions_mut().insert(context);
        }
        let mut response = next.run(request).await;
        if let Some(traceparent) = propagation::current_traceparent()
            && let Ok(value) = HeaderValue::from_str(&traceparent)
        {
            response.headers_mut().insert(HEADER, value);
        }
        let status = response.status().as_u16();
        let duration = started.elapsed();
        metrics::request_answered(&method, status, duration);
        info!(
            http.request.method = %method,
            url.path = path,
            http.response.status_code = status,
            duration_ms = duration.as_secs_f64() * 1000.0,
            "answered {method} {path} with {status}"
        );
        response
    })
    .await
}
