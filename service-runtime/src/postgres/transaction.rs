use std::time::Duration;

use diesel_async::{AnsiTransactionManager, AsyncPgConnection, RunQueryDsl, TransactionManager};
use tracing::{Instrument, debug, warn};

use super::{AsFixed, Database, DatabaseError, DatabaseFault, append_signal::watch_appends};
use crate::backoff::Backoff;

/// Transactions that were run again.
const RETRIES: &str = "database_transaction_retries_total";
const MOST_TRIES: u32 = 6;
const MOST_READS: u32 = 2;
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(5), Duration::from_millis(200));

/// Gives help to the collector of the metrics.
pub(crate) fn describe_metrics() {
    metrics::describe_counter!(
        RETRIES,
        "Retries of transactions after a conflict or a lost connection, by transaction"
    );
}

/// What a transaction does: an async closure over its connection that can run more than once.
///
/// Spelt out because the language cannot yet say in a bound that the future of an async closure is `Send`.
pub trait Work<A, R>: AsyncFn(A) -> R + Fn(A) -> <Self as Work<A, R>>::Fut {
    /// The future that the closure returns.
    type Fut: Future<Output = R>;
}

impl<F, A, Fut, R> Work<A, R> for F
where
    F: AsyncFn(A) -> R + Fn(A) -> Fut,
    Fut: Future<Output = R>,
{
    type Fut = Fut;
}

enum Failure<E> {
    /// Nothing was committed; the same work may succeed now.
    TryAgain(E),
    /// The answer is final, or the commit's own answer was lost.
    Final(E),
}

impl Database {
    /// Runs the work in one transaction and commits if it returns `Ok`.
    ///
    /// The work runs again, up to six times in all, when another transaction was in the way or the connection was lost before
    /// the commit, so it must have no effect outside the database.
    pub async fn transaction<T, E, F>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: for<'r> Work<&'r mut AsyncPgConnection, Result<T, E>, Fut: Send> + Send + Sync,
        E: From<DatabaseError> + DatabaseFault + Send,
        T: Send,
    {
        let span = tracing::debug_span!("transaction", db.operation.name = name);
        let running = async {
            let mut tries = 0;
            loop {
                tries += 1;
                match self.attempt(&work).await {
                    Ok(value) => return Ok(value),
                    Err(Failure::TryAgain(_)) if tries < MOST_TRIES => {
                        debug!(tries, "retrying transaction {name}");
                        metrics::counter!(RETRIES, "transaction" => name).increment(1);
                        tokio::time::sleep(BACKOFF.delay(tries)).await;
                    }
                    Err(Failure::TryAgain(error) | Failure::Final(error)) => return Err(error),
                }
            }
        };
        #[cfg(feature = "testing")]
        let running = self.counted(name, running);
        running.instrument(span).await
    }

    /// Runs work that only reads, each statement by itself; a statement whose connection was lost runs again once.
    pub async fn read<T, E, F>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: for<'r> Work<&'r mut AsyncPgConnection, Result<T, E>, Fut: Send> + Send + Sync,
        E: From<DatabaseError> + DatabaseFault + Send,
        T: Send,
    {
        let span = tracing::debug_span!("read", db.operation.name = name);
        let running = async {
            let mut tries = 0;
            loop {
                tries += 1;
                let mut pooled = self.connection().await?;
                match work(&mut pooled).await.map_err(retryable) {
                    Ok(value) => return Ok(value),
                    Err(Failure::TryAgain(_)) if tries < MOST_READS => drop(pooled),
                    Err(Failure::TryAgain(error) | Failure::Final(error)) => return Err(error),
                }
            }
        };
        #[cfg(feature = "testing")]
        let running = self.counted(name, running);
        running.instrument(span).await
    }

    async fn attempt<T, E, F>(&self, work: &F) -> Result<T, Failure<E>>
    where
        F: for<'r> Work<&'r mut AsyncPgConnection, Result<T, E>, Fut: Send> + Send + Sync,
        E: From<DatabaseError> + DatabaseFault + Send,
        T: Send,
    {
        // A pool that gave no connection has waited long enough already.
        let mut pooled = self
            .connection()
            .await
            .map_err(|error| Failure::Final(error.into()))?;
        let connection: &mut AsyncPgConnection = &mut pooled;
        AnsiTransactionManager::begin_transaction(connection)
            .await
            .map_err(|error| retryable(DatabaseError::from(error).into()))?;
        let (result, appended) = watch_appends(work(connection)).await;
        let value = match result {
            Ok(value) => value,
            Err(error) => {
                if let Err(rollback) =
                    AnsiTransactionManager::rollback_transaction(connection).await
                {
                    // The pool discards the connection; closing it rolls back.
                    warn!(error = %rollback, "rollback failed");
                }
                return Err(retryable(error));
            }
        };
        AnsiTransactionManager::commit_transaction(connection)
            .await
            .map_err(|error| {
                let error = DatabaseError::from(error);
                if error.is_conflict() {
                    Failure::TryAgain(error.into())
                } else {
                    Failure::Final(error.into())
                }
            })?;
        if appended {
            self.appended.notify_one();
        }
        Ok(value)
    }
}

fn retryable<E: DatabaseFault>(error: E) -> Failure<E> {
    match error.database_error() {
        Some(fault) if fault.is_conflict() || matches!(fault, DatabaseError::Unavailable(_)) => {
            Failure::TryAgain(error)
        }
        _ => Failure::Final(error),
    }
}

/// Fails the statements of the transaction that wait for a lock for more than 100 ms, so that those who share it wait no longer for
/// someone else.
pub async fn limit_lock_waits(mut tx: &AsyncPgConnection) -> Result<(), DatabaseError> {
    diesel::sql_query("SET LOCAL lock_timeout = 100")
        .fixed()
        .execute(&mut tx)
        .await?;
    Ok(())
}
