use std::time::Duration;

use http::{HeaderName, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::web_origin::AllowedOrigins;

const PREFLIGHT_LIFETIME: Duration = Duration::from_secs(600);

/// Lets web pages of the allowed origins call. Tokens travel in a header, never in a cookie, so no credentials are allowed.
pub fn cors(origins: AllowedOrigins) -> CorsLayer {
    let allowed = match origins.allows_any() {
        true => AllowOrigin::any(),
        false => AllowOrigin::predicate(move |origin, _| origins.allows(origin)),
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("grpc-timeout"),
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("traceparent"),
            HeaderName::from_static("mcp-protocol-version"),
            HeaderName::from_static("mcp-method"),
            HeaderName::from_static("mcp-name"),
        ])
        .expose_headers([
            header::ETAG,
            header::RETRY_AFTER,
            header::WWW_AUTHENTICATE,
            HeaderName::from_static("traceparent"),
        ])
        .max_age(PREFLIGHT_LIFETIME)
}
