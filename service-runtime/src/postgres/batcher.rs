//! Work that calls share: what arrives while a batch runs is done by the next one.
//!
//! Each call sees what was committed before it. A statement or commit costs about the same for one row as for a dozen, so under load this
//! is several times as fast as one per call; without load it makes no difference.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::future::BoxFuture;
use tokio::{sync::oneshot, task::JoinSet};

use super::DatabaseError;

/// Batches at a time: while one waits for the database, the next one fills.
const MAX_RUNNING: usize = 2;
/// Items of a batch.
const MAX_ITEMS: usize = 100;

/// Does the work of several calls at once under load.
pub struct Batcher<I, O>(Arc<Shared<I, O>>, Arc<Mutex<JoinSet<()>>>);

type Run<I, O> = dyn Fn(Vec<I>) -> BoxFuture<'static, Result<Vec<O>, DatabaseError>> + Send + Sync;
type Answer<O> = oneshot::Sender<Result<O, DatabaseError>>;

struct Shared<I, O> {
    run: Box<Run<I, O>>,
    min_beside: usize,
    state: Mutex<State<I, O>>,
}

struct State<I, O> {
    waiting: Vec<(I, Answer<O>)>,
    running: usize,
}

impl<I, O> Batcher<I, O>
where
    I: Send + 'static,
    O: Send + 'static,
{
    /// Creates a batcher from a function that returns one output for each input, in their order. A second batch runs beside another
    /// one only for at least `min_beside` items.
    pub fn new<F, Fut>(min_beside: usize, run: F) -> Self
    where
        F: Fn(Vec<I>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<O>, DatabaseError>> + Send + 'static,
    {
        let shared = Shared {
            run: Box::new(move |items| Box::pin(run(items))),
            min_beside,
            state: Mutex::new(State {
                waiting: Vec::new(),
                running: 0,
            }),
        };
        Self(Arc::new(shared), Arc::default())
    }

    /// Does the work of one call, now or a moment later. All calls of a batch share its error. If the caller stops waiting before
    /// its batch begins, nothing is done.
    pub async fn call(&self, item: I) -> Result<O, DatabaseError> {
        let (answer, answered) = oneshot::channel();
        {
            let mut state = self.0.state();
            state.waiting.push((item, answer));
            if self.0.may_run(state.running, state.waiting.len()) {
                state.running += 1;
                let runner = Runner::new(Arc::clone(&self.0));
                // A task of its own: the first caller may be cancelled before the others are answered.
                let mut tasks = self.1.lock().unwrap_or_else(PoisonError::into_inner);
                while tasks.try_join_next().is_some() {}
                tasks.spawn(runner.run());
            }
        }
        answered
            .await
            .unwrap_or_else(|_| Err(DatabaseError::Unavailable("the work was given up".into())))
    }
}

impl<I, O> Shared<I, O> {
    fn state(&self) -> MutexGuard<'_, State<I, O>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether a batch may run beside others.
    fn may_run(&self, others: usize, waiting: usize) -> bool {
        let min = if others == 0 { 1 } else { self.min_beside };
        others < MAX_RUNNING && waiting >= min
    }
}

/// Task that runs one batch after the other until no item waits.
struct Runner<I, O> {
    shared: Arc<Shared<I, O>>,
    is_counted: bool,
}

impl<I, O> Drop for Runner<I, O> {
    fn drop(&mut self) {
        if self.is_counted {
            let mut state = self.shared.state();
            state.running -= 1;
            if state.running == 0 {
                // No runner is left; dropping the senders fails the calls that wait.
                state.waiting.clear();
            }
        }
    }
}

impl<I, O> Runner<I, O> {
    fn new(shared: Arc<Shared<I, O>>) -> Self {
        Self {
            shared,
            is_counted: true,
        }
    }

    async fn run(mut self) {
        // Calls that are about to arrive share the first batch.
        tokio::task::yield_now().await;
        while let Some(batch) = self.take() {
            let (items, answers): (Vec<I>, Vec<Answer<O>>) = batch.into_iter().unzip();
            match (self.shared.run)(items).await {
                Ok(outputs) => {
                    for (answer, output) in answers.into_iter().zip(outputs) {
                        let _ = answer.send(Ok(output));
                    }
                }
                Err(error) => {
                    let error = Arc::new(error);
                    for answer in answers {
                        let _ = answer.send(Err(DatabaseError::shared(&error)));
                    }
                }
            }
        }
    }

    /// Takes the next batch; without one this runner ends, and the next call starts another.
    fn take(&mut self) -> Option<Vec<(I, Answer<O>)>> {
        let mut state = self.shared.state();
        state.waiting.retain(|(_, answer)| !answer.is_closed());
        let waiting = state.waiting.len();
        if !self.shared.may_run(state.running - 1, waiting) {
            state.running -= 1;
            self.is_counted = false;
            return None;
        }
        Some(state.waiting.drain(..waiting.min(MAX_ITEMS)).collect())
    }
}

impl<I, O> Clone for Batcher<I, O> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0), Arc::clone(&self.1))
    }
}

impl<I, O> fmt::Debug for Batcher<I, O> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Batcher").finish_non_exhaustive()
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "tasks of a test end with its runtime"
)]
mod tests {
    use futures::future::join_all;
    use tokio::sync::{Semaphore, mpsc};

    use super::*;

    type Numbers = Batcher<u32, u32>;

    /// Doubles numbers, one batch per permit; sends the items of each batch.
    fn doubles(min_beside: usize) -> (Numbers, Arc<Semaphore>, mpsc::UnboundedReceiver<Vec<u32>>) {
        let (begun, batches) = mpsc::unbounded_channel();
        let permits = Arc::new(Semaphore::new(0));
        let batch_permits = Arc::clone(&permits);
        let batcher = Batcher::new(min_beside, move |items: Vec<u32>| {
            begun.send(items.clone()).unwrap();
            let permits = Arc::clone(&batch_permits);
            async move {
                permits.acquire().await.unwrap().forget();
                if items.contains(&666) {
                    return Err(DatabaseError::Unavailable("gone".into()));
                }
                Ok(items.into_iter().map(|item| 2 * item).collect())
            }
        });
        (batcher, permits, batches)
    }

    fn ask(batcher: &Numbers, item: u32) -> tokio::task::JoinHandle<u32> {
        let batcher = batcher.clone();
        tokio::spawn(async move { batcher.call(item).await.unwrap() })
    }

    async fn wait_for(batcher: &Numbers, count: usize) {
        while batcher.0.state().waiting.len() < count {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn calls_during_batches_share_the_next_one() {
        let (batcher, permits, mut batches) = doubles(1);
        let mut asked = vec![ask(&batcher, 2)];
        assert_eq!(batches.recv().await.unwrap(), [2]);
        asked.push(ask(&batcher, 4));
        assert_eq!(batches.recv().await.unwrap(), [4]);
        asked.extend([1, 6, 6, 8].map(|item| ask(&batcher, item)));
        wait_for(&batcher, 4).await;
        permits.add_permits(3);
        assert_eq!(batches.recv().await.unwrap(), [1, 6, 6, 8]);
        let answers = join_all(asked).await;
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, [4, 8, 2, 12, 12, 16]);
        // No runner is left; the next call starts one.
        permits.add_permits(1);
        assert_eq!(batcher.call(10).await.unwrap(), 20);
    }

    #[tokio::test]
    async fn second_batch_begins_only_with_enough_items() {
        let (batcher, permits, mut batches) = doubles(3);
        let mut asked = vec![ask(&batcher, 1)];
        assert_eq!(batches.recv().await.unwrap(), [1]);
        asked.extend([2, 3].map(|item| ask(&batcher, item)));
        wait_for(&batcher, 2).await;
        assert_eq!(batcher.0.state().running, 1);
        asked.push(ask(&batcher, 4));
        assert_eq!(batches.recv().await.unwrap(), [2, 3, 4]);
        asked.push(ask(&batcher, 5));
        wait_for(&batcher, 1).await;
        permits.add_permits(3);
        assert_eq!(batches.recv().await.unwrap(), [5]);
        let answers = join_all(asked).await;
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, [2, 4, 6, 8, 10]);
    }

    #[tokio::test]
    async fn error_reaches_all_callers_and_next_call_runs_again() {
        let (batcher, permits, _batches) = doubles(1);
        permits.add_permits(10);
        let answers = join_all([batcher.call(666), batcher.call(666)]).await;
        for answer in answers {
            assert!(matches!(answer, Err(DatabaseError::Unavailable(_))));
        }
        assert_eq!(batcher.call(2).await.unwrap(), 4);
    }

    #[tokio::test]
    async fn panicking_batch_fails_its_calls() {
        let batcher: Numbers = Batcher::new(1, |items: Vec<u32>| async move {
            assert!(!items.contains(&1), "one is too much");
            Ok(items)
        });
        for _ in 0..=MAX_RUNNING {
            assert!(batcher.call(1).await.is_err());
        }
        assert_eq!(batcher.call(2).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn item_of_a_caller_who_left_is_not_done() {
        let (batcher, permits, mut batches) = doubles(3);
        let first = ask(&batcher, 1);
        assert_eq!(batches.recv().await.unwrap(), [1]);
        let left = ask(&batcher, 2);
        wait_for(&batcher, 1).await;
        left.abort();
        assert!(left.await.unwrap_err().is_cancelled());
        let next = ask(&batcher, 3);
        wait_for(&batcher, 2).await;
        permits.add_permits(2);
        assert_eq!(batches.recv().await.unwrap(), [3]);
        assert_eq!((first.await.unwrap(), next.await.unwrap()), (2, 6));
    }
}
