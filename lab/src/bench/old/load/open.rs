use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use service_runtime::BoxError;
use tokio::{
    runtime::Handle,
    sync::Semaphore,
    task::{JoinError, JoinSet},
};

use super::{Bounds, Outcome, schedule::Schedule};
use crate::bench::old::progress::Progress;

/// How long calls may take to end after the last one was meant to begin.
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes so many calls a second, whether or not those before have ended; a call's duration begins when it was meant to begin,
/// so what it waited for its turn counts.
///
/// At most `most_at_once` are under way. What has not ended [`PATIENCE`] after the end counts as that long, at least.
pub async fn open_loop<C, F>(
    rate: f64,
    most_at_once: usize,
    bounds: Bounds,
    progress: Progress,
    call: C,
) -> Result<Outcome, BoxError>
where
    C: Fn(usize) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    let schedule = Schedule::new(rate, bounds);
    let begun = Instant::now();
    let deadline = begun + schedule.end() + PATIENCE;
    let progress = Arc::new(progress);
    let dispatch = {
        let progress = progress.clone();
        let turn = Arc::new(Semaphore::new(most_at_once));
        // A thread of its own, because it sleeps more exactly than the runtime, whose clock ticks once a millisecond.
        tokio::task::spawn_blocking(move || {
            dispatch(schedule, begun, deadline, turn, progress, call)
        })
    };
    progress
        .watch(async {
            let (joined, mut calls) = dispatch.await?;
            let mut outcome = Outcome {
                elapsed: schedule.measured(),
                ..Outcome::default()
            };
            let mut ended = vec![false; schedule.count()];
            let mut take = |(number, duration, result): Ended| {
                ended[number] = true;
                if schedule.is_measured(number) {
                    outcome.add(duration, result);
                }
            };
            for call in joined {
                take(call?);
            }
            while let Ok(Some(joined)) =
                tokio::time::timeout_at(deadline.into(), calls.join_next()).await
            {
                take(joined?);
            }
            let unended =
                (0..ended.len()).filter(|number| schedule.is_measured(*number) && !ended[*number]);
            for number in unended {
                outcome.add(deadline - (begun + schedule.start_of(number)), Ok(()));
            }
            Ok(outcome)
        })
        .await
}

type Ended = (usize, Duration, Result<(), BoxError>);

/// Begins each call when it is its time; returns those that have ended, and those under way.
fn dispatch<C, F>(
    schedule: Schedule,
    begun: Instant,
    deadline: Instant,
    turn: Arc<Semaphore>,
    progress: Arc<Progress>,
    call: C,
) -> (Vec<Result<Ended, JoinError>>, JoinSet<Ended>)
where
    C: Fn(usize) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    let runtime = Handle::current();
    let mut calls = JoinSet::new();
    let mut joined = Vec::with_capacity(schedule.count());
    for number in 0..schedule.count() {
        let intended = begun + schedule.start_of(number);
        std::thread::sleep(intended.saturating_duration_since(Instant::now()));
        let turn = turn.clone().acquire_owned();
        let turn = runtime.block_on(async { tokio::time::timeout_at(deadline.into(), turn).await });
        let Ok(Ok(turn)) = turn else {
            break;
        };
        let (call, progress) = (call.clone(), progress.clone());
        calls.spawn_on(
            async move {
                let result = call(number).await;
                drop(turn);
                progress.add(1);
                (number, intended.elapsed(), result)
            },
            &runtime,
        );
        // Until it is joined, a call that has ended takes as much memory as one under way.
        while let Some(ended) = calls.try_join_next() {
            joined.push(ended);
        }
    }
    (joined, calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(measured_ms: u64) -> Bounds {
        Bounds {
            warm_up: Duration::ZERO,
            measured: Duration::from_millis(measured_ms),
            most: usize::MAX,
        }
    }

    async fn at_once(most_at_once: usize) -> Outcome {
        let progress = Progress::new("test", "calls", None);
        // Ten calls, 1 ms apart, of 20 ms each.
        open_loop(1_000.0, most_at_once, bounds(10), progress, |_| async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok(())
        })
        .await
        .unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_call_that_waits_for_its_turn_is_as_slow_as_it_looks_to_who_wanted_it() {
        let outcome = at_once(1).await;
        assert_eq!(outcome.durations.len(), 10);
        // The last waits for nine others, although it takes 20 ms itself.
        let slowest = outcome.durations.iter().max().unwrap();
        assert!(*slowest >= Duration::from_millis(190), "{slowest:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn calls_do_not_wait_for_each_other() {
        let outcome = at_once(10).await;
        let all: Duration = outcome.durations.iter().sum();
        // One after the other they would take 1.1 s together.
        assert!(all < Duration::from_secs(1), "{all:?}");
        assert_eq!(outcome.elapsed, Duration::from_millis(10));
    }
}
