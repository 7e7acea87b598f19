//! Rate limit of each user: a token bucket that fills at a steady rate.

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
use service_runtime::{
    grpc::{Caller, ErrorCode},
    ids::UserId,
};

use crate::{config::RequestsConfig, error::Error, http::problem};

/// Number of requests after which full buckets are removed.
const REMOVE_EVERY: u32 = 10_000;

/// Token buckets of all users; none without a limit.
#[derive(Clone)]
pub struct UserRateLimiter(Option<Arc<Buckets>>);

/// The middleware is named because its default depends on the features that other crates turn on.
type Limiter =
    RateLimiter<UserId, HashMapStateStore<UserId>, MonotonicClock, NoOpMiddleware<Instant>>;

struct Buckets {
    limiter: Limiter,
    per_second: u32,
    requests: AtomicU32,
}

impl UserRateLimiter {
    /// Creates a limiter with a full bucket for each user.
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
    /// Fails if the bucket is empty, with the time until it has a token again.
    pub fn take(&self, user: &UserId) -> Result<(), Error> {
        let Some(buckets) = &self.0 else {
            return Ok(());
        };
        let count = buckets.requests.fetch_add(1, Ordering::Relaxed);
        if count % REMOVE_EVERY == REMOVE_EVERY - 1 {
            buckets.limiter.retain_recent();
            buckets.limiter.shrink_to_fit();
        }
        let taken = buckets.limiter.check_key(user);
        taken.map_err(|refused| {
            let message = format!(
                "rate limit of {} requests per second exceeded; wait for the time in the header Retry-After",
                buckets.per_second
            );
            let code = ErrorCode::ResourceExhausted;
            let mut error = Error::refused(code, "TOO_MANY_REQUESTS", message);
            error.0.retry_after = Some(refused.wait_time_from(MonotonicClock.now()));
            error
        })
    }
}

/// Passes a request on, or answers 429 with the time to wait.
pub async fn limit(
    State(limiter): State<UserRateLimiter>,
    Extension(caller): Extension<Caller>,
    request: Request,
    next: Next,
) -> Response {
    match limiter.take(&caller.user_id) {
        Ok(()) => next.run(request).await,
        Err(error) => problem(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(rate_per_second: u32, rate_burst: u32) -> UserRateLimiter {
        UserRateLimiter::new(&RequestsConfig {
            rate_per_second,
            rate_burst,
            ..RequestsConfig::default()
        })
    }

    #[test]
    fn each_user_waits_alone_after_a_burst() {
        let limiter = limiter(1, 3);
        let (alice, bob) = ("alice".parse().unwrap(), "bob".parse().unwrap());
        let taken = (0..5).filter(|_| limiter.take(&alice).is_ok()).count();
        assert_eq!(taken, 3);
        assert!(limiter.take(&bob).is_ok());
        let refused = limiter.take(&alice).unwrap_err();
        let wait = refused.0.retry_after.unwrap();
        assert!(wait.as_millis() <= 1_000 && !wait.is_zero(), "{wait:?}");
    }

    #[test]
    fn rate_of_zero_means_no_limit() {
        let limiter = limiter(0, 1);
        let alice = "alice".parse().unwrap();
        assert!((0..10_000).all(|_| limiter.take(&alice).is_ok()));
    }
}
