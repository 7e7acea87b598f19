//! Batched reads by key: keys that are requested while a statement runs are read together by the next one.
//!
//! Each call sees what was committed before it. A statement costs about the same for one row as for a dozen, so under load this is
//! several times as fast as one statement per call; without load it makes no difference.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::future::BoxFuture;
use tokio::{sync::oneshot, task::JoinSet};

use super::DatabaseError;

/// Statements in flight: while one waits for the database, the next batch fills.
const MAX_LOADERS: usize = 2;
/// Keys per statement.
const MAX_KEYS: usize = 100;

/// Reads values by their keys, several at once under load.
pub struct BatchLoader<K, V>(Arc<Shared<K, V>>, Arc<Mutex<JoinSet<()>>>);

type Load<K, V> =
    dyn Fn(Vec<K>) -> BoxFuture<'static, Result<HashMap<K, V>, DatabaseError>> + Send + Sync;
type Answer<V> = oneshot::Sender<Result<Option<V>, DatabaseError>>;

struct Shared<K, V> {
    load: Box<Load<K, V>>,
    state: Mutex<State<K, V>>,
}

struct State<K, V> {
    waiting: Vec<(K, Answer<V>)>,
    loaders: usize,
}

impl<K, V> BatchLoader<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    /// Creates a loader from a function that reads the values of several keys and leaves out those that do not exist.
    pub fn new<F, Fut>(load: F) -> Self
    where
        F: Fn(Vec<K>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<HashMap<K, V>, DatabaseError>> + Send + 'static,
    {
        let shared = Shared {
            load: Box::new(move |keys| Box::pin(load(keys))),
            state: Mutex::new(State {
                waiting: Vec::new(),
                loaders: 0,
            }),
        };
        Self(Arc::new(shared), Arc::default())
    }

    /// Reads the value of a key, as it is now or a moment later.
    pub async fn find(&self, key: K) -> Result<Option<V>, DatabaseError> {
        let (answer, answered) = oneshot::channel();
        {
            let mut state = self.0.state();
            state.waiting.push((key, answer));
            if state.loaders < MAX_LOADERS {
                state.loaders += 1;
                let loader = Loader::new(Arc::clone(&self.0));
                // A task of its own: the first caller may be cancelled before the others are answered.
                let mut tasks = self.1.lock().unwrap_or_else(PoisonError::into_inner);
                while tasks.try_join_next().is_some() {}
                tasks.spawn(loader.run());
            }
        }
        answered
            .await
            .unwrap_or_else(|_| Err(DatabaseError::Unavailable("the read was given up".into())))
    }
}

impl<K, V> Shared<K, V> {
    fn state(&self) -> MutexGuard<'_, State<K, V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Task that runs one statement after the other until no key waits.
struct Loader<K, V> {
    shared: Arc<Shared<K, V>>,
    is_counted: bool,
}

impl<K, V> Drop for Loader<K, V> {
    fn drop(&mut self) {
        if self.is_counted {
            let mut state = self.shared.state();
            state.loaders -= 1;
            if state.loaders == 0 {
                // No loader is left; dropping the senders fails the calls that wait.
                state.waiting.clear();
            }
        }
    }
}

impl<K, V> Loader<K, V>
where
    K: Clone + Eq + Hash,
    V: Clone,
{
    fn new(shared: Arc<Shared<K, V>>) -> Self {
        Self {
            shared,
            is_counted: true,
        }
    }

    async fn run(mut self) {
        // Calls that are about to arrive share the first statement.
        tokio::task::yield_now().await;
        while let Some(batch) = self.take() {
            let keys: HashSet<K> = batch.iter().map(|(key, _)| key.clone()).collect();
            match (self.shared.load)(keys.into_iter().collect()).await {
                Ok(found) => {
                    for (key, answer) in batch {
                        let _ = answer.send(Ok(found.get(&key).cloned()));
                    }
                }
                Err(error) => {
                    let error = Arc::new(error);
                    for (_, answer) in batch {
                        let _ = answer.send(Err(DatabaseError::shared(&error)));
                    }
                }
            }
        }
    }

    /// Takes the next batch; without one this loader ends, and the next call starts another.
    fn take(&mut self) -> Option<Vec<(K, Answer<V>)>> {
        let mut state = self.shared.state();
        state.waiting.retain(|(_, answer)| !answer.is_closed());
        if state.waiting.is_empty() {
            state.loaders -= 1;
            self.is_counted = false;
            return None;
        }
        let count = state.waiting.len().min(MAX_KEYS);
        Some(state.waiting.drain(..count).collect())
    }
}

impl<K, V> Clone for BatchLoader<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0), Arc::clone(&self.1))
    }
}

impl<K, V> fmt::Debug for BatchLoader<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BatchLoader")
            .finish_non_exhaustive()
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

    type Numbers = BatchLoader<u32, u32>;

    /// Doubles even numbers, one batch per permit; sends the keys of each batch.
    fn doubles() -> (Numbers, Arc<Semaphore>, mpsc::UnboundedReceiver<Vec<u32>>) {
        let (asked, reads) = mpsc::unbounded_channel();
        let permits = Arc::new(Semaphore::new(0));
        let batch_permits = Arc::clone(&permits);
        let loader = BatchLoader::new(move |mut keys: Vec<u32>| {
            keys.sort_unstable();
            asked.send(keys.clone()).unwrap();
            let permits = Arc::clone(&batch_permits);
            async move {
                permits.acquire().await.unwrap().forget();
                if keys.contains(&666) {
                    return Err(DatabaseError::Unavailable("gone".into()));
                }
                let even = keys.into_iter().filter(|key| key % 2 == 0);
                Ok(even.map(|key| (key, 2 * key)).collect())
            }
        });
        (loader, permits, reads)
    }

    #[tokio::test]
    async fn keys_requested_during_statements_share_the_next_one() {
        let (loader, permits, mut reads) = doubles();
        let ask = |key| {
            let loader = loader.clone();
            tokio::spawn(async move { loader.find(key).await.unwrap() })
        };
        let mut asked = vec![ask(2)];
        assert_eq!(reads.recv().await.unwrap(), [2]);
        asked.push(ask(4));
        assert_eq!(reads.recv().await.unwrap(), [4]);
        asked.extend([1, 6, 6, 8].map(ask));
        while loader.0.state().waiting.len() < 4 {
            tokio::task::yield_now().await;
        }
        permits.add_permits(3);
        assert_eq!(reads.recv().await.unwrap(), [1, 6, 8]);
        let answers = join_all(asked).await;
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        let expected = [Some(4), Some(8), None, Some(12), Some(12), Some(16)];
        assert_eq!(answers, expected);
        // No loader is left; the next call starts one.
        permits.add_permits(1);
        assert_eq!(loader.find(10).await.unwrap(), Some(20));
    }

    #[tokio::test]
    async fn error_reaches_all_callers_and_next_call_reads_again() {
        let (loader, permits, _reads) = doubles();
        permits.add_permits(10);
        let answers = join_all([loader.find(666), loader.find(666)]).await;
        for answer in answers {
            assert!(matches!(answer, Err(DatabaseError::Unavailable(_))));
        }
        assert_eq!(loader.find(2).await.unwrap(), Some(4));
    }

    #[tokio::test]
    async fn panicking_statement_fails_its_calls() {
        let loader: Numbers = BatchLoader::new(|keys: Vec<u32>| async move {
            assert!(!keys.contains(&1), "one is too much");
            Ok(HashMap::from_iter(keys.into_iter().map(|key| (key, key))))
        });
        for _ in 0..=MAX_LOADERS {
            assert!(loader.find(1).await.is_err());
        }
        assert_eq!(loader.find(2).await.unwrap(), Some(2));
    }
}
