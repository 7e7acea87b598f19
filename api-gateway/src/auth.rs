//! Who asks: verifies the bearer token before anything else is looked at.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderValue, header};
use service_runtime::grpc::{AuthError, Caller, Verifier};
use url::Url;

use crate::{error::Error, http::problem, origin::origin};

/// What the auth layer needs: the keys, and where clients learn how to get a token.
#[derive(Clone)]
pub struct Auth {
    /// Verifies tokens.
    pub verifier: Verifier,
    /// The URL under which clients reach the gateway.
    pub public_url: Url,
    /// How many proxies stand between clients and the gateway.
    pub proxies: u8,
}

/// Lets a request pass with its [`Caller`], or answers 401 and says where a token is to be had (RFC 6750, RFC 9728).
pub async fn require_token(State(auth): State<Auth>, mut request: Request, next: Next) -> Response {
    match auth.caller(request.headers()).await {
        Ok(mut caller) => {
            caller.origin = origin(&request, auth.proxies);
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(cause) => auth.refusal(cause, request.uri().path()),
    }
}

impl Auth {
    async fn caller(&self, headers: &HeaderMap) -> Result<Caller, AuthError> {
        let caller = self.verifier.verify(bearer(headers)?).await?;
        // The mesh's own tokens are for its services; at the door they would let a service pose as any user.
        match caller.service {
            None => Ok(caller),
            Some(_) => Err(AuthError::Invalid),
        }
    }

    fn refusal(&self, cause: AuthError, path: &str) -> Response {
        let challenge = self.challenge(&cause, path);
        let is_challenge = !matches!(cause, AuthError::KeysUnavailable(_));
        let mut response = problem(&Error::Auth(cause));
        if let (true, Ok(value)) = (is_challenge, HeaderValue::from_str(&challenge)) {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, value);
        }
        response
    }

    /// RFC 6750 wants no error code where no token was sent.
    fn challenge(&self, cause: &AuthError, path: &str) -> String {
        let metadata = metadata_url(&self.public_url, path);
        let error = match cause {
            AuthError::Missing => String::new(),
            cause => {
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
    let suffix = if path == "/mcp" { "/mcp" } else { "" };
    format!("{base}/.well-known/oauth-protected-resource{suffix}")
}

fn bearer(headers: &HeaderMap) -> Result<&str, AuthError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(AuthError::Missing)?;
    if values.next().is_some() {
        return Err(AuthError::Malformed);
    }
    let text = value.to_str().map_err(|_| AuthError::Malformed)?;
    let (scheme, token) = text.split_once(' ').ok_or(AuthError::Malformed)?;
    match scheme.eq_ignore_ascii_case("bearer") {
        true => Ok(token.trim()),
        false => Err(AuthError::Missing),
    }
}
