//! Commits and statements of each kind of transaction, counted where they are sent: the statistics of the server come late.

use std::{
    collections::BTreeMap,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use diesel::connection::InstrumentationEvent;

/// Counts by database and name of the transaction.
type Counts = BTreeMap<(String, &'static str), Count>;

static COUNTS: LazyLock<Mutex<Counts>> = LazyLock::new(Mutex::default);

tokio::task_local! {
    static TRANSACTION: (String, &'static str);
}

/// Commits and statements, among them `BEGIN` and `COMMIT`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Number of committed transactions; statements without a transaction are not among them.
    pub commits: u32,
    /// Number of statements.
    pub statements: u32,
}

/// Counts what a transaction of a database does.
pub(crate) async fn counted<F: Future>(
    database: &str,
    transaction: &'static str,
    work: F,
) -> F::Output {
    TRANSACTION
        .scope((database.to_owned(), transaction), work)
        .await
}

/// Counts an event of a connection for the current transaction.
pub(crate) fn count(event: InstrumentationEvent<'_>) {
    let (commits, statements) = match event {
        InstrumentationEvent::StartQuery { .. } => (0, 1),
        InstrumentationEvent::CommitTransaction { depth, .. } if depth.get() == 1 => (1, 0),
        _ => return,
    };
    let _ = TRANSACTION.try_with(|transaction| {
        let mut counts = lock();
        let count = counts.entry(transaction.clone()).or_default();
        count.commits += commits;
        count.statements += statements;
    });
}

/// Returns the counts of a database since the last call, by the name of the transaction.
pub(super) fn take(database: &str) -> BTreeMap<&'static str, Count> {
    let mut counts = lock();
    let all = std::mem::take(&mut *counts).into_iter();
    let (own, others): (Counts, Counts) = all.partition(|((name, _), _)| name == database);
    *counts = others;
    own.into_iter()
        .map(|((_, transaction), count)| (transaction, count))
        .collect()
}

fn lock() -> MutexGuard<'static, Counts> {
    COUNTS.lock().unwrap_or_else(PoisonError::into_inner)
}
