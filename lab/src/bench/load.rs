//! Load drivers: closed loop, open loop, and calls one by one.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use clap::Args;
use hdrhistogram::Histogram;
use serde::Serialize;
use service_runtime::BoxError;
use tokio::{runtime::Handle, sync::Semaphore, task::JoinSet};

/// Maximum number of calls in flight in an open loop.
const MAX_IN_FLIGHT: usize = 500;
/// Maximum recorded duration: an hour.
const MAX_MICROSECONDS: u64 = 3_600_000_000;
/// Time for which the calls in flight may continue after the last one was due.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Duration of a load.
#[derive(Debug, Clone, Copy, Args)]
pub struct Bounds {
    /// Measured seconds of each load.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub seconds: u64,
    /// Seconds for which each load runs before it is measured.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(0..=600))]
    pub warm_up: u64,
}

/// Latencies and failures of calls.
#[derive(Debug)]
pub struct Outcome {
    microseconds: Histogram<u64>,
    pub elapsed: Duration,
    pub failures: u64,
    pub first_failure: Option<String>,
}

/// Percentiles in milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Latency {
    pub count: u64,
    #[serde(rename = "p50_ms")]
    pub p50: f64,
    #[serde(rename = "p95_ms")]
    pub p95: f64,
    #[serde(rename = "p99_ms")]
    pub p99: f64,
    #[serde(rename = "max_ms")]
    pub max: f64,
}

/// Converts a count for a calculation.
pub fn number(count: impl TryInto<u64>) -> f64 {
    count.try_into().unwrap_or(u64::MAX) as f64
}

impl Default for Outcome {
    fn default() -> Self {
        Self {
            microseconds: Histogram::new_with_max(MAX_MICROSECONDS, 3)
                .expect("the maximum and the number of digits are supported"),
            elapsed: Duration::ZERO,
            failures: 0,
            first_failure: None,
        }
    }
}

impl FromIterator<Duration> for Outcome {
    fn from_iter<I: IntoIterator<Item = Duration>>(durations: I) -> Self {
        let mut outcome = Self::default();
        durations.into_iter().for_each(|one| outcome.record(one));
        outcome
    }
}

impl Outcome {
    /// Records the duration of a call that succeeded.
    pub fn record(&mut self, duration: Duration) {
        let microseconds = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.saturating_record(microseconds);
    }

    /// Records a call.
    pub fn add(&mut self, duration: Duration, result: Result<(), BoxError>) {
        match result {
            Ok(()) => self.record(duration),
            Err(error) => {
                self.failures += 1;
                self.first_failure
                    .get_or_insert_with(|| error.to_string().replace('\n', " "));
            }
        }
    }

    /// Adds the calls of another run.
    pub fn append(&mut self, other: &Self) {
        self.microseconds += &other.microseconds;
        self.elapsed += other.elapsed;
        self.failures += other.failures;
        if self.first_failure.is_none() {
            self.first_failure.clone_from(&other.first_failure);
        }
    }

    /// Returns the number of successful calls per second.
    pub fn per_second(&self) -> f64 {
        number(self.microseconds.len()) / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// Returns the percentiles.
    pub fn latency(&self) -> Latency {
        let at = |quantile| number(self.microseconds.value_at_quantile(quantile)) / 1_000.0;
        Latency {
            count: self.microseconds.len(),
            p50: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
            max: at(1.0),
        }
    }
}

/// Runs concurrent callers, each of which makes its next call after the answer to the previous one. Finds the limit.
pub async fn closed_loop<C, F>(callers: usize, bounds: Bounds, call: C) -> Outcome
where
    C: Fn(usize) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    let from = Instant::now() + Duration::from_secs(bounds.warm_up);
    let until = from + Duration::from_secs(bounds.seconds);
    let mut tasks = JoinSet::new();
    for caller in 0..callers {
        let call = call.clone();
        tasks.spawn(async move {
            let mut outcome = Outcome::default();
            for number in (caller..).step_by(callers) {
                let begin = Instant::now();
                let result = call(number).await;
                let end = Instant::now();
                if end > until {
                    break;
                }
                if end >= from {
                    outcome.add(end - begin, result);
                }
            }
            outcome
        });
    }
    let mut sum = Outcome::default();
    for outcome in tasks.join_all().await {
        sum.append(&outcome);
    }
    sum.elapsed = Duration::from_secs(bounds.seconds);
    sum
}

/// Starts `rate` calls per second whether or not earlier ones have ended; a latency begins when its call is due, so it includes waiting.
pub async fn open_loop<C, F>(rate: f64, bounds: Bounds, call: C) -> Result<Outcome, BoxError>
where
    C: Fn(usize) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    let unmeasured = (number(bounds.warm_up) * rate) as usize;
    let count = unmeasured + (number(bounds.seconds) * rate) as usize;
    let outcome = Arc::new(Mutex::new(Outcome::default()));
    let shared = Arc::clone(&outcome);
    let permits = Arc::new(Semaphore::new(MAX_IN_FLIGHT));
    let runtime = Handle::current();
    // A thread sleeps more exactly than the runtime, whose timer ticks once a millisecond.
    let dispatch = tokio::task::spawn_blocking(move || {
        let begin = Instant::now();
        let mut calls = JoinSet::new();
        for call_number in 0..count {
            let due = begin + Duration::from_secs_f64(number(call_number) / rate);
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let (call, permits, shared) = (call.clone(), permits.clone(), shared.clone());
            calls.spawn_on(
                async move {
                    let _permit = permits.acquire_owned().await;
                    let result = call(call_number).await;
                    if call_number >= unmeasured {
                        let mut outcome = shared.lock().unwrap_or_else(PoisonError::into_inner);
                        outcome.add(due.elapsed(), result);
                    }
                },
                &runtime,
            );
            while calls.try_join_next().is_some() {}
        }
        calls
    });
    let drained = tokio::time::timeout(DRAIN_TIMEOUT, dispatch.await?.join_all()).await;
    let mut outcome = std::mem::take(&mut *outcome.lock().unwrap_or_else(PoisonError::into_inner));
    outcome.elapsed = Duration::from_secs(bounds.seconds);
    if drained.is_err() {
        let error = format!("calls had no answer {DRAIN_TIMEOUT:?} after the last one was due");
        outcome.add(DRAIN_TIMEOUT, Err(error.into()));
    }
    Ok(outcome)
}

/// Makes `count` calls one after the other, after a tenth as many that are not measured.
pub async fn one_by_one<F>(count: usize, mut call: impl FnMut(usize) -> F) -> Outcome
where
    F: Future<Output = Result<(), BoxError>>,
{
    let warm_up = count / 10;
    let mut outcome = Outcome::default();
    for number in 0..warm_up + count {
        let begin = Instant::now();
        let result = call(number).await;
        if number >= warm_up {
            outcome.elapsed += begin.elapsed();
            outcome.add(begin.elapsed(), result);
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn open_loop_starts_calls_while_earlier_ones_wait() {
        let bounds = Bounds {
            warm_up: 0,
            seconds: 1,
        };
        let arrived = Arc::new(AtomicUsize::new(0));
        // Every call waits until all ten have begun, which a closed loop would never reach.
        let call = move |_| {
            let arrived = arrived.clone();
            async move {
                arrived.fetch_add(1, Ordering::SeqCst);
                while arrived.load(Ordering::SeqCst) < 10 {
                    tokio::task::yield_now().await;
                }
                Ok(())
            }
        };
        let outcome = open_loop(10.0, bounds, call).await.unwrap();
        assert_eq!((outcome.latency().count, outcome.failures), (10, 0));
    }

    #[tokio::test]
    async fn failed_calls_are_counted_apart() {
        let outcome = one_by_one(10, |number| async move {
            match number % 2 {
                0 => Ok(()),
                _ => Err("odd".into()),
            }
        })
        .await;
        assert_eq!((outcome.latency().count, outcome.failures), (5, 5));
        assert_eq!(outcome.first_failure.as_deref(), Some("odd"));
    }
}
