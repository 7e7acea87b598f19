//! Only verified callers reach a handler.

use axum::{extract::Request, response::Response};
use http::header::AUTHORIZATION;

use super::refusal::refuse;
use crate::grpc::auth::{Verifier, bearer_token};

/// Puts the [`Caller`](crate::grpc::Caller) into the request, or answers UNAUTHENTICATED.
pub(super) async fn verify<F>(
    verifier: &Verifier,
    mut request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response
where
    F: Future<Output = Response>,
{
    let caller = match bearer_token(request.headers()) {
        Ok(token) => verifier.verify(token).await,
        Err(error) => Err(error),
    };
    match caller {
        Ok(caller) => {
            // The handler has no use for the token, and cannot log what it does not have.
            request.headers_mut().remove(AUTHORIZATION);
            request.extensions_mut().insert(caller);
            next(request).await
        }
        Err(error) => refuse(&error),
    }
}
