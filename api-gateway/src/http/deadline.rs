use std::time::Duration;

use http::HeaderMap;
use service_runtime::grpc::deadline::{TIMEOUT_HEADER, parse_timeout};

use crate::error::Error;

const CURE: &str = "must be a number above 0 of up to 8 digits and a unit (H, M, S, m, u or n), such as 500m for 500 milliseconds";

/// Returns how long the client wants to wait, from the header `grpc-timeout` in gRPC's own form, such as `5S` or `500m`.
///
/// # Errors
///
/// Fails if the header has another form.
pub fn requested_deadline(headers: &HeaderMap) -> Result<Option<Duration>, Error> {
    let Some(value) = headers.get(TIMEOUT_HEADER) else {
        return Ok(None);
    };
    let parsed = value.to_str().ok().and_then(parse_timeout);
    let parsed = parsed.filter(|timeout| !timeout.is_zero());
    let parsed = parsed.map(Some);
    parsed.ok_or_else(|| Error::header(TIMEOUT_HEADER, CURE))
}
