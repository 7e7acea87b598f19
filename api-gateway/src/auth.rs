//! Authentication: verifies the bearer token before the rest of the request.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use service_runtime::grpc::{ApiError, AuthError, Verified, Verifier, bearer_token};
use url::Url;

use crate::{error::Error, http::problem, origin::origin};

/// Verification of users' tokens, and the location of the metadata about them.
#[derive(Clone)]
pub struct Auth {
    /// Verifies tokens.
    pub verifier: Verifier,
    /// The URL under which clients reach the gateway.
    pub public_url: Url,
    /// Number of proxies between clients and the gateway.
    pub proxies: u8,
}

/// Passes a request on with its [`Caller`](service_runtime::grpc::Caller), or answers 401 with the location of the resource metadata
/// (RFC 6750, RFC 9728). The caller of a live stream may have been verified by a ticket already.
pub async fn require_token(State(auth): State<Auth>, mut request: Request, next: Next) -> Response {
    let verified = match request.extensions_mut().remove::<Verified>() {
        Some(verified) => Ok(verified),
        None => auth.bearer(request.headers()).await,
    };
    match verified {
        Ok(mut verified) => {
            verified.caller.origin = origin(&request, auth.proxies);
            let extensions = request.extensions_mut();
            extensions.insert(verified.caller.clone());
            extensions.insert(verified);
            next.run(request).await
        }
        Err(cause) => auth.refusal(cause, request.uri().path()),
    }
}

impl Auth {
    /// Verifies the token in the headers of a request.
    ///
    /// # Errors
    ///
    /// Fails if there is none, or it is no user's or no longer valid.
    pub async fn bearer(&self, headers: &HeaderMap) -> Result<Verified, AuthError> {
        self.verify(bearer_token(headers)?).await
    }

    /// Verifies a token.
    ///
    /// # Errors
    ///
    /// Fails if it is no user's or no longer valid.
    pub async fn verify(&self, token: &str) -> Result<Verified, AuthError> {
        let verified = self.verifier.verify_until(token).await?;
        // The mesh's own tokens are for its services; here they would let a service pose as any user.
        match verified.caller.service {
            None => Ok(verified),
            Some(_) => Err(AuthError::Invalid),
        }
    }

    /// Answers 401 with the location of the resource metadata.
    pub fn refusal(&self, cause: impl Into<Error>, path: &str) -> Response {
        let cause = cause.into();
        let challenge = self.challenge(&cause, path);
        let mut response = problem(cause);
        if response.status() == StatusCode::UNAUTHORIZED
            && let Ok(value) = HeaderValue::from_str(&challenge)
        {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, value);
        }
        response
    }

    /// RFC 6750 wants no error code where no token was sent.
    fn challenge(&self, cause: &Error, path: &str) -> String {
        let metadata = metadata_url(&self.public_url, path);
        let error = match cause.0.reason == AuthError::Missing.reason() {
            true => String::new(),
            false => {
                let words = cause.to_string().replace(['"', '\\'], "'");
                format!("error=\"invalid_token\", error_description=\"{words}\", ")
            }
        };
        format!("Bearer realm=\"taskmesh\", {error}resource_metadata=\"{metadata}\"")
    }
}

/// Returns the URL of the metadata that describes the resource at this path (RFC 9728).
fn metadata_url(public_url: &Url, path: &str) -> String {
    let base = public_url.as_str().trim_end_matches('/');
    let is_mcp = matches!(path, "/mcp" | "/mcp/");
    let suffix = if is_mcp { "/mcp" } else { "" };
    format!("{base}/.well-known/oauth-protected-resource{suffix}")
}
