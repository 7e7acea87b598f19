//! Signal of a transaction that it appended to the outbox, so that its commit wakes the relay.

use std::cell::Cell;

tokio::task_local! {
    static APPENDED: Cell<bool>;
}

/// Marks the current transaction as one that appended events. Outside [`Database::transaction`](super::Database::transaction) it has no effect,
/// and the relay finds the events by its next poll.
pub(crate) fn mark_appended() {
    let _ = APPENDED.try_with(|appended| appended.set(true));
}

/// Runs the work of a transaction; returns its result and whether it appended events.
pub(super) async fn watch_appends<T>(work: impl Future<Output = T>) -> (T, bool) {
    APPENDED
        .scope(Cell::new(false), async {
            let value = work.await;
            (value, APPENDED.with(Cell::get))
        })
        .await
}
