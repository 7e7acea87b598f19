//! Only verified callers reach a handler.

use axum::{extract::Request, response::Response};
use http::{HeaderMap, header::AUTHORIZATION};

use super::refusal::refuse;
use crate::grpc::{
    auth::{AuthError, Verifier},
    methods,
};

/// Puts the [`Caller`](crate::grpc::Caller) into the request, or answers UNAUTHENTICATED; health and reflection need no token.
pub(super) async fn verify<F>(
    verifier: &Verifier,
    mut request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response
where
    F: Future<Output = Response>,
{
    if methods::is_open(request.uri().path()) {
        return next(request).await;
    }
    let caller = match bearer(request.headers()) {
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

/// Returns the one bearer token of a request.
fn bearer(headers: &HeaderMap) -> Result<&str, AuthError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(AuthError::Missing)?;
    if values.next().is_some() {
        return Err(AuthError::Malformed);
    }
    let value = value.to_str().map_err(|_| AuthError::Malformed)?;
    match value.split_once(' ') {
        Some((scheme, token))
            if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() =>
        {
            Ok(token.trim())
        }
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("bearer") => Err(AuthError::Malformed),
        _ => Err(AuthError::Missing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn exactly_one_bearer_token_is_taken() {
        assert_eq!(bearer(&headers(&["bearer a.b.c"])).unwrap(), "a.b.c");
        assert!(matches!(bearer(&headers(&[])), Err(AuthError::Missing)));
        assert!(matches!(
            bearer(&headers(&["Basic YTpi"])),
            Err(AuthError::Missing)
        ));
        assert!(matches!(
            bearer(&headers(&["Bearer  "])),
            Err(AuthError::Malformed)
        ));
        assert!(matches!(
            bearer(&headers(&["Bearer a.b.c", "Bearer d.e.f"])),
            Err(AuthError::Malformed)
        ));
    }
}
