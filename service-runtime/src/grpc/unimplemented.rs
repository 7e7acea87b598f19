//! The answer to calls of services that are not served here.

use axum::{Router, response::Response};
use http::Extensions;

use super::{
    error::{ApiError, ErrorCode},
    status::status,
};

#[derive(Debug, thiserror::Error)]
#[error("no such service here; check the address and the full name of the service")]
struct NoSuchService;

impl ApiError for NoSuchService {
    fn code(&self) -> ErrorCode {
        ErrorCode::Unimplemented
    }

    fn reason(&self) -> &'static str {
        "SERVICE_UNKNOWN"
    }
}

#[derive(Clone)]
struct FromHere;

/// Makes the router answer UNIMPLEMENTED to every path that none of its routes takes.
pub(super) fn answer(router: Router) -> Router {
    router.fallback(async || {
        let mut response: Response = status(&NoSuchService).into_http();
        response.extensions_mut().insert(FromHere);
        response
    })
}

/// Tells whether no route took the call.
pub(super) fn is_from_here(extensions: &Extensions) -> bool {
    extensions.get::<FromHere>().is_some()
}
