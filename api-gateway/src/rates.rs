//! How often each user may ask: a bucket of tokens that fills at a steady rate.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use axum::{
    extract::{Extension, Request, State},
    middleware::Next,
    response::Response,
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, MonotonicClock},
    middleware::NoOpMiddleware,
    state::keyed::HashMapStateStore,
};
use service_runtime::{grpc::Caller, ids::UserId};

use crate::{config::RequestsConfig, error::Error, http::problem};

/// After so many requests, the buckets that are full again are forgotten.
const FORGET_EVERY: u32 = 10_000;

/// The buckets of all users.
#[derive(Clone)]
pub struct Rates(Option<Arc<Buckets>>);

/// The middleware is named because its default depends on the features that other crates turn on.
type Limiter =
    RateLimiter<UserId, HashMapStateStore<UserId>, MonotonicClock, NoOpMiddleware<Instant>>;

struct Buckets {
    limiter: Limiter,
    per_second: u32,
    requests: AtomicU32,
}

impl Rates {
    /// Creates a full bucket for everybody.
    pub fn new(config: &RequestsConfig) -> Self {
        let limits = (
            NonZeroU32::new(config.rate_per_second),
            NonZeroU32::new(config.rate_burst),
        );
        let (Some(per_second), Some(burst)) = limits else {
            return Self(None);
        };
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let limiter = RateLimiter::new(quota, HashMapStateStore::default(), MonotonicClock);
        Self(Some(Arc::new(Buckets {
            limiter,
            per_second: per_second.get(),
            requests: AtomicU32::new(0),
        })))
    }

    /// Takes a token out of the user's bucket.
    ///
    /// # Errors
    ///
    /// Fails if the bucket is empty, and says when there is a token again.
    pub fn take(&self, user: &UserId) -> Result<(), Error> {
        let Some(buckets) = &self.0 else {
            return Ok(());
        };
        let count = buckets.requests.fetch_add(1, Ordering::Relaxed);
        if count % FORGET_EVERY == FORGET_EVERY - 1 {
            buckets.limiter.retain_recent();
            buckets.limiter.shrink_to_fit();
        }
        let taken = buckets.limiter.check_key(user);
        taken.map_err(|refused| Error::TooManyRequests {
            per_second: buckets.per_second,
            wait: refused.wait_time_from(MonotonicClock.now()),
        })
    }
}

/// Lets a request pass, or answers 429 and says when to come again.
pub async fn limit(
    State(rates): State<Rates>,
    Extension(caller): Extension<Caller>,
    request: Request,
    next: Next,
) -> Response {
    match rates.take(&caller.user_id) {
        Ok(()) => next.run(request).await,
        Err(error) => problem(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(rate_per_second: u32, rate_burst: u32) -> Rates {
        Rates::new(&RequestsConfig {
            rate_per_second,
            rate_burst,
            ..RequestsConfig::default()
        })
    }

    #[test]
    fn a_burst_is_taken_and_then_each_user_waits_alone() {
        let rates = rates(1, 3);
        let (alice, bob) = ("alice".parse().unwrap(), "bob".parse().unwrap());
        let taken = (0..5).filter(|_| rates.take(&alice).is_ok()).count();
        assert_eq!(taken, 3);
        assert!(rates.take(&bob).is_ok());
        let Err(Error::TooManyRequests { wait, .. }) = rates.take(&alice) else {
            panic!("the bucket is empty");
        };
        assert!(wait.as_millis() <= 1_000 && !wait.is_zero(), "{wait:?}");
    }

    #[test]
    fn rate_of_zero_means_no_limit() {
        let rates = rates(0, 1);
        let alice = "alice".parse().unwrap();
        assert!((0..10_000).all(|_| rates.take(&alice).is_ok()));
    }
}
