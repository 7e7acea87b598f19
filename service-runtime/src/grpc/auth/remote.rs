//! Keys that an issuer publishes at a URL: fetched when needed, kept while they serve.

use std::{
    sync::{Arc, RwLock},
    time::{Duration, Instant},
};

use tokio::sync::Mutex;
use tracing::{info, warn};
use url::Url;

use super::{error::AuthError, jwks, keys::KeySet};
use crate::BoxError;

/// How old keys get before they are fetched again.
const PERIOD: Duration = Duration::from_secs(600);
/// How often an unknown key id may cause a fetch, so that wrong tokens do not become a load on the issuer.
const PAUSE: Duration = Duration::from_secs(30);
/// The same while there are no keys at all.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_secs(3);
const MAXIMUM_BYTES: usize = 1024 * 1024;

/// The keys behind a URL.
pub(super) struct RemoteKeys {
    url: Url,
    client: reqwest::Client,
    state: RwLock<State>,
    // Held by the one call that fetches.
    fetching: Mutex<()>,
}

#[derive(Default, Clone)]
struct State {
    keys: Option<Arc<KeySet>>,
    fetch_time: Option<Instant>,
    try_time: Option<Instant>,
    failure: Option<Arc<str>>,
}

impl State {
    fn is_stale(&self) -> bool {
        self.fetch_time.is_none_or(|time| time.elapsed() >= PERIOD)
    }

    fn may_try(&self) -> bool {
        let pause = if self.keys.is_some() {
            PAUSE
        } else {
            FIRST_PAUSE
        };
        self.try_time.is_none_or(|time| time.elapsed() >= pause)
    }
}

impl RemoteKeys {
    /// Remembers the URL; fetches nothing yet.
    pub(super) fn new(url: Url) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder().timeout(TIMEOUT).build()?;
        Ok(Self {
            url,
            client,
            state: RwLock::default(),
            fetching: Mutex::default(),
        })
    }

    /// Returns the keys for a token with this key id, fetching them if they are absent, old, or lack the id.
    pub(super) async fn keys(&self, id: Option<&str>) -> Result<Arc<KeySet>, AuthError> {
        let known = |keys: &KeySet| id.is_none_or(|id| keys.knows(id));
        let state = self.state();
        if let Some(keys) = state.keys.as_ref().filter(|keys| known(keys)) {
            // One call refreshes old keys; the others go on with what there is.
            if state.is_stale()
                && state.may_try()
                && let Ok(_one) = self.fetching.try_lock()
            {
                self.refresh().await;
            }
            return Ok(self.state().keys.unwrap_or_else(|| keys.clone()));
        }

        let _one = self.fetching.lock().await;
        // Another call may have fetched them while this one waited.
        let state = self.state();
        if state.may_try() && !state.keys.as_deref().is_some_and(known) {
            self.refresh().await;
        }
        let state = self.state();
        match (state.keys, state.failure) {
            // The key may be among those that could not be fetched, so the token is not wrong yet.
            (Some(keys), Some(failure)) if !known(&keys) => Err(unavailable(&failure)),
            (Some(keys), _) => Ok(keys),
            (None, failure) => Err(unavailable(failure.as_deref().unwrap_or("not fetched yet"))),
        }
    }

    async fn refresh(&self) {
        let result = self.fetch().await;
        let mut state = self.state.write().expect("no holder of this lock panics");
        state.try_time = Some(Instant::now());
        match result {
            Ok(keys) => {
                info!("fetched {} keys from {}", keys.0.len(), self.url);
                state.keys = Some(Arc::new(keys));
                state.fetch_time = state.try_time;
                state.failure = None;
            }
            Err(cause) => {
                warn!("fetching keys from {} failed: {cause:#}", self.url);
                state.failure = Some(cause.to_string().into());
            }
        }
    }

    async fn fetch(&self) -> Result<KeySet, BoxError> {
        let mut response = self
            .client
            .get(self.url.clone())
            .send()
            .await?
            .error_for_status()?;
        let mut text = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            text.extend_from_slice(&chunk);
            if text.len() > MAXIMUM_BYTES {
                return Err(format!("the key set has more than {MAXIMUM_BYTES} bytes").into());
            }
        }
        Ok(jwks::parse(&text)?)
    }

    fn state(&self) -> State {
        self.state
            .read()
            .expect("no holder of this lock panics")
            .clone()
    }
}

fn unavailable(failure: &str) -> AuthError {
    AuthError::KeysUnavailable(failure.into())
}

#[cfg(test)]
#[path = "remote_tests.rs"]
mod tests;
