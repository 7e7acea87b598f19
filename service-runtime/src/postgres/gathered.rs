//! Reads of one thing each, gathered: what is asked for while others are read is then read all at once.
//!
//! Each call still reads what was committed before it came. A statement costs about the same for one row as for a dozen, so under
//! load this is several times as fast as a statement for each call, and without load it makes no difference.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::future::BoxFuture;
use tokio::sync::oneshot;

use super::DatabaseError;

/// How many statements run at once: while one waits for the database, the next fills.
const MOST_READERS: usize = 2;
/// How many things one statement reads.
const MOST_KEYS: usize = 100;

/// Reads things by their keys.
pub struct Gathered<K, V>(Arc<Shared<K, V>>);

type Load<K, V> =
    dyn Fn(Vec<K>) -> BoxFuture<'static, Result<HashMap<K, V>, DatabaseError>> + Send + Sync;
type Answer<V> = oneshot::Sender<Result<Option<V>, DatabaseError>>;

struct Shared<K, V> {
    load: Box<Load<K, V>>,
    state: Mutex<State<K, V>>,
}

struct State<K, V> {
    waiting: Vec<(K, Answer<V>)>,
    readers: usize,
}

impl<K, V> Gathered<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    /// Reads by what finds the things that several keys stand for; what does not exist is left out.
    pub fn new<F, Fut>(load: F) -> Self
    where
        F: Fn(Vec<K>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<HashMap<K, V>, DatabaseError>> + Send + 'static,
    {
        Self(Arc::new(Shared {
            load: Box::new(move |keys| Box::pin(load(keys))),
            state: Mutex::new(State {
                waiting: Vec::new(),
                readers: 0,
            }),
        }))
    }

    /// Reads one thing, as it is now or a moment later.
    #[expect(
        clippy::disallowed_methods,
        reason = "the read serves other callers too, so it outlives the call that starts it"
    )]
    pub async fn find(&self, key: K) -> Result<Option<V>, DatabaseError> {
        let (answer, answered) = oneshot::channel();
        {
            let mut state = self.0.state();
            state.waiting.push((key, answer));
            if state.readers < MOST_READERS {
                state.readers += 1;
                // A task of its own, for whoever asked first may go away before the others are answered.
                tokio::spawn(Reader::new(Arc::clone(&self.0)).read());
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

/// One of those who read.
struct Reader<K, V> {
    shared: Arc<Shared<K, V>>,
    is_counted: bool,
}

impl<K, V> Drop for Reader<K, V> {
    fn drop(&mut self) {
        if self.is_counted {
            let mut state = self.shared.state();
            state.readers -= 1;
            if state.readers == 0 {
                // Nobody is left who would read them; without their answers, they are told so.
                state.waiting.clear();
            }
        }
    }
}

impl<K, V> Reader<K, V>
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

    async fn read(mut self) {
        // Whoever else is about to ask gets the chance to, and shares the first statement.
        tokio::task::yield_now().await;
        while let Some(asked) = self.take() {
            let keys: HashSet<K> = asked.iter().map(|(key, _)| key.clone()).collect();
            match (self.shared.load)(keys.into_iter().collect()).await {
                Ok(found) => {
                    for (key, answer) in asked {
                        let _ = answer.send(Ok(found.get(&key).cloned()));
                    }
                }
                Err(error) => {
                    let error = Arc::new(error);
                    for (_, answer) in asked {
                        let _ = answer.send(Err(DatabaseError::shared(&error)));
                    }
                }
            }
        }
    }

    /// Takes what waits; if nothing does, this reader ends, and the next call finds that.
    fn take(&mut self) -> Option<Vec<(K, Answer<V>)>> {
        let mut state = self.shared.state();
        state.waiting.retain(|(_, answer)| !answer.is_closed());
        if state.waiting.is_empty() {
            state.readers -= 1;
            self.is_counted = false;
            return None;
        }
        let count = state.waiting.len().min(MOST_KEYS);
        Some(state.waiting.drain(..count).collect())
    }
}

impl<K, V> Clone for Gathered<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> fmt::Debug for Gathered<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Gathered").finish_non_exhaustive()
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

    type Numbers = Gathered<u32, u32>;

    /// Reads the double of even numbers, each time when it is let; tells what was asked for at once.
    fn doubles() -> (Numbers, Arc<Semaphore>, mpsc::UnboundedReceiver<Vec<u32>>) {
        let (asked, reads) = mpsc::unbounded_channel();
        let permits = Arc::new(Semaphore::new(0));
        let let_read = Arc::clone(&permits);
        let gathered = Gathered::new(move |mut keys: Vec<u32>| {
            keys.sort_unstable();
            asked.send(keys.clone()).unwrap();
            let permits = Arc::clone(&let_read);
            async move {
                permits.acquire().await.unwrap().forget();
                if keys.contains(&666) {
                    return Err(DatabaseError::Unavailable("gone".into()));
                }
                let even = keys.into_iter().filter(|key| key % 2 == 0);
                Ok(even.map(|key| (key, 2 * key)).collect())
            }
        });
        (gathered, permits, reads)
    }

    #[tokio::test]
    async fn what_is_asked_for_during_reads_is_read_at_once_and_only_then() {
        let (gathered, permits, mut reads) = doubles();
        let ask = |key| {
            let gathered = gathered.clone();
            tokio::spawn(async move { gathered.find(key).await.unwrap() })
        };
        let mut asked = vec![ask(2)];
        assert_eq!(reads.recv().await.unwrap(), [2]);
        asked.push(ask(4));
        assert_eq!(reads.recv().await.unwrap(), [4]);
        asked.extend([1, 6, 6, 8].map(ask));
        while gathered.0.state().waiting.len() < 4 {
            tokio::task::yield_now().await;
        }
        permits.add_permits(3);
        assert_eq!(reads.recv().await.unwrap(), [1, 6, 8]);
        let answers = join_all(asked).await;
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        let expected = [Some(4), Some(8), None, Some(12), Some(12), Some(16)];
        assert_eq!(answers, expected);
        // Nobody reads any more; the next call begins anew.
        permits.add_permits(1);
        assert_eq!(gathered.find(10).await.unwrap(), Some(20));
    }

    #[tokio::test]
    async fn an_error_reaches_all_who_asked_and_the_next_call_reads_again() {
        let (gathered, permits, _reads) = doubles();
        permits.add_permits(10);
        let answers = join_all([gathered.find(666), gathered.find(666)]).await;
        for answer in answers {
            assert!(matches!(answer, Err(DatabaseError::Unavailable(_))));
        }
        assert_eq!(gathered.find(2).await.unwrap(), Some(4));
    }

    #[tokio::test]
    async fn a_panic_of_a_read_leaves_nobody_waiting() {
        let gathered: Numbers = Gathered::new(|keys: Vec<u32>| async move {
            assert!(!keys.contains(&1), "one is too much");
            Ok(HashMap::from_iter(keys.into_iter().map(|key| (key, key))))
        });
        for _ in 0..=MOST_READERS {
            assert!(gathered.find(1).await.is_err());
        }
        assert_eq!(gathered.find(2).await.unwrap(), Some(2));
    }
}
