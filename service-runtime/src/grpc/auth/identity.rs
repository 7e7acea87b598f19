//! Calls to other services in this service's own name.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use tonic::{Request, metadata::MetadataValue};

use super::{
    config::{AuthConfig, AuthConfigError},
    mint::Signer,
};
use crate::{
    grpc::{Caller, deadline, origin},
    ids::UserId,
    telemetry::propagation,
};

const TOKEN_LIFETIME: Duration = Duration::from_secs(60);
/// How long a token is used for further calls, so that enough of its life is left for the longest of them.
const TOKEN_USE: Duration = Duration::from_secs(30);
const MOST_TOKENS: u64 = 10_000;
/// The longest time that a call to another service may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(1);

/// Mints the tokens that this service calls others with, on behalf of users.
#[derive(Clone)]
pub struct ServiceIdentity(Arc<Inner>);

struct Inner {
    service: String,
    signer: Signer,
    /// By the user and the roles that the token tells.
    tokens: Cache<(UserId, Vec<String>), String>,
}

impl ServiceIdentity {
    /// Reads and tries the key that signs the tokens of the named service.
    pub fn new(service: &str, config: &AuthConfig) -> Result<Self, AuthConfigError> {
        Ok(Self(Arc::new(Inner {
            service: service.to_owned(),
            signer: Signer::for_mesh(config)?,
            tokens: Cache::builder()
                .max_capacity(MOST_TOKENS)
                .time_to_live(TOKEN_USE)
                .build(),
        })))
    }

    /// Returns a token, valid for at least 30 seconds, with which this service acts for the user, by itself and so without roles.
    pub fn token(&self, user: &UserId) -> String {
        self.token_with(user, &[])
    }

    pub(super) fn signer(&self) -> &Signer {
        &self.0.signer
    }

    fn token_with(&self, user: &UserId, roles: &[String]) -> String {
        let Inner {
            service,
            signer,
            tokens,
        } = &*self.0;
        let key = (user.clone(), roles.to_vec());
        if let Some(token) = tokens.get(&key) {
            return token;
        }
        let token = signer.sign(user, Some(service), roles, TOKEN_LIFETIME);
        tokens.insert(key, token.clone());
        token
    }

    /// Makes a call on behalf of a caller, with the caller's roles, and tells with which token they came, and from where.
    pub fn request_for<T>(&self, caller: &Caller, message: T) -> Request<T> {
        let token = self.token_with(&caller.user_id, &caller.roles);
        let mut request = request_with(&token, message);
        origin::pass_on(request.metadata_mut(), caller);
        request
    }

    /// Makes a call on behalf of the user: with a token, the trace, and what is left of the current deadline, at most 10
    /// seconds.
    pub fn request<T>(&self, user: &UserId, message: T) -> Request<T> {
        request_with(&self.token(user), message)
    }
}

fn request_with<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let mut bearer: MetadataValue<_> = format!("Bearer {token}")
        .parse()
        .expect("a token has only base64url characters and dots");
    bearer.set_sensitive(true);
    request.metadata_mut().insert("authorization", bearer);
    if let Some(traceparent) = propagation::current_traceparent() {
        let traceparent = traceparent
            .parse()
            .expect("a traceparent has only hexadecimal digits and dashes");
        request.metadata_mut().insert("traceparent", traceparent);
    }
    let left = deadline::time_left().unwrap_or(CALL_TIMEOUT);
    request.set_timeout(left.clamp(SHORTEST_TIMEOUT, CALL_TIMEOUT));
    request
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::grpc::auth::test_keys;

    #[tokio::test]
    async fn a_nested_call_gets_the_trace_and_the_time_that_is_left() {
        let identity = ServiceIdentity::new("task-service", &test_keys::config()).unwrap();
        let alice: UserId = "alice".parse().unwrap();
        let deadline = Instant::now() + Duration::from_millis(900);
        let request = deadline::with_deadline(deadline, async {
            propagation::with_traceparent(None, async { identity.request(&alice, ()) }).await
        })
        .await;
        let timeout = request
            .metadata()
            .get("grpc-timeout")
            .unwrap()
            .to_str()
            .unwrap();
        let micros: u64 = timeout.trim_end_matches(['n', 'u', 'm']).parse().unwrap();
        assert!(micros <= 900_000_000, "{timeout}");
        assert!(request.metadata().contains_key("traceparent"));
        assert!(!format!("{request:?}").contains("eyJ"));
    }
}
