use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use service_runtime::BoxError;
use tokio::task::JoinSet;

use super::{Bounds, Outcome};
use crate::bench::old::progress::Progress;

/// Makes calls with so many callers, each of which makes its next call when it has the answer to the one before.
///
/// The calls get numbers that none of the others has.
pub async fn closed_loop<C, F>(
    concurrency: usize,
    bounds: Bounds,
    progress: Progress,
    call: C,
) -> Result<Outcome, BoxError>
where
    C: Fn(usize) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    let progress = Arc::new(progress);
    let from = Instant::now() + bounds.warm_up;
    let share = bounds.most.div_ceil(concurrency.max(1));
    let mut callers = JoinSet::new();
    for caller in 0..concurrency {
        let (call, progress) = (call.clone(), progress.clone());
        let numbers = (caller..).step_by(concurrency);
        callers.spawn(async move {
            let mut outcome = Outcome::default();
            for number in numbers {
                let begun = Instant::now();
                let result = call(number).await;
                let ended = Instant::now();
                progress.add(1);
                // What ends after the time does not count, or the throughput would be that of a longer time.
                let Some(elapsed) = measured_at(ended, from, bounds.measured) else {
                    if ended > from {
                        break;
                    }
                    continue;
                };
                outcome.add(ended - begun, result);
                outcome.elapsed = elapsed;
                if outcome.durations.len() + outcome.failures >= share {
                    break;
                }
            }
            outcome
        });
    }
    let mut outcome = progress
        .watch(async {
            let mut outcome = Outcome::default();
            while let Some(one) = callers.join_next().await {
                outcome.merge(one?);
            }
            Ok::<_, BoxError>(outcome)
        })
        .await?;
    if outcome.durations.len() + outcome.failures < bounds.most {
        outcome.elapsed = bounds.measured;
    }
    Ok(outcome)
}

/// Makes so many calls, one after the other, after some that are not measured.
pub async fn one_by_one<C, F>(warm_up: usize, count: usize, call: C) -> Outcome
where
    C: Fn(usize) -> F,
    F: Future<Output = Result<(), BoxError>>,
{
    let mut outcome = Outcome::default();
    for number in 0..warm_up + count {
        let begun = Instant::now();
        let result = call(number).await;
        if number >= warm_up {
            let duration = begun.elapsed();
            outcome.elapsed += duration;
            outcome.add(duration, result);
        }
    }
    outcome
}

/// Returns how far into the measured time a moment is; none if it is before or after it.
fn measured_at(moment: Instant, from: Instant, measured: Duration) -> Option<Duration> {
    let elapsed = moment.checked_duration_since(from)?;
    (elapsed <= measured).then_some(elapsed)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    fn progress() -> Progress {
        Progress::new("test", "calls", None)
    }

    #[test]
    fn only_what_ends_within_the_measured_time_counts() {
        let from = Instant::now() + MILLISECOND;
        assert_eq!(measured_at(from - MILLISECOND, from, MILLISECOND), None);
        assert_eq!(
            measured_at(from + MILLISECOND, from, MILLISECOND),
            Some(MILLISECOND)
        );
        assert_eq!(measured_at(from + 2 * MILLISECOND, from, MILLISECOND), None);
    }

    #[tokio::test]
    async fn as_many_calls_are_under_way_as_there_are_callers_and_no_number_comes_twice() {
        let (under_way, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let numbers = Arc::new(std::sync::Mutex::new(Vec::new()));
        let bounds = Bounds {
            warm_up: Duration::ZERO,
            measured: Duration::from_secs(60),
            most: 40,
        };
        let seen = (under_way, most.clone(), numbers.clone());
        let outcome = closed_loop(4, bounds, progress(), move |number| {
            let (under_way, most, numbers) = seen.clone();
            async move {
                let now = under_way.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                numbers.lock().unwrap().push(number);
                tokio::time::sleep(MILLISECOND).await;
                under_way.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }
        })
        .await
        .unwrap();
        assert_eq!(outcome.durations.len(), 40);
        assert_eq!(most.load(Ordering::SeqCst), 4);
        let mut numbers = numbers.lock().unwrap().clone();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 40);
        assert!(outcome.elapsed < bounds.measured);
    }

    #[tokio::test]
    async fn the_time_ends_callers_that_would_go_on_forever() {
        let bounds = Bounds {
            warm_up: 20 * MILLISECOND,
            measured: 50 * MILLISECOND,
            most: usize::MAX,
        };
        let outcome = closed_loop(2, bounds, progress(), |_| async {
            tokio::time::sleep(MILLISECOND).await;
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(outcome.elapsed, bounds.measured);
        assert!(!outcome.durations.is_empty());
    }
}
