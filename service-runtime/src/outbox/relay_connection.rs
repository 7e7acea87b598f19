use std::{pin::pin, time::Duration};

use diesel_async::AsyncPgConnection;
use futures::{FutureExt, StreamExt};
use tokio::time::{Instant, timeout};

use super::{pace::Pace, store};
use crate::postgres::{Database, DatabaseError};

/// Connection of one relay, outside the pool. Its session holds the lock that makes the relay the active one of its outbox.
///
/// Promise: order per key with several relays. Events are read only in the session that holds the lock.
pub(super) struct RelayConnection {
    database: Database,
    session_timeout: Duration,
    takeover: Duration,
    connection: Option<AsyncPgConnection>,
    is_active: bool,
    next_try: Instant,
}

impl RelayConnection {
    pub(super) fn new(database: Database, pace: &Pace) -> Self {
        Self {
            database,
            session_timeout: pace.session_timeout,
            takeover: pace.takeover,
            connection: None,
            is_active: false,
            next_try: Instant::now(),
        }
    }

    /// Connects if necessary and tries to become the active relay; returns whether this relay is.
    pub(super) async fn acquire(&mut self) -> Result<bool, DatabaseError> {
        if !self.is_active && (self.connection.is_none() || self.next_try <= Instant::now()) {
            self.next_try = Instant::now() + self.takeover;
            let schema = self.database.schema();
            if self.connection.is_none() {
                let mut connection = self.database.connect().await?;
                store::prepare(&mut connection, self.session_timeout).await?;
                self.connection = Some(connection);
            }
            self.is_active = store::try_lock(self.get()?, schema).await?;
        }
        Ok(self.is_active)
    }

    /// Returns the open connection.
    pub(super) fn get(&mut self) -> Result<&mut AsyncPgConnection, DatabaseError> {
        self.connection
            .as_mut()
            .ok_or_else(|| DatabaseError::Unavailable("the relay is not connected".into()))
    }

    /// Keeps the session alive; fails if it has ended, and the lock with it.
    pub(super) async fn keep_alive(&mut self) -> Result<(), DatabaseError> {
        let session_timeout = self.session_timeout;
        let asked = timeout(session_timeout, store::keep_alive(self.get()?)).await;
        asked.map_err(|late| DatabaseError::Unavailable(late.into()))?
    }

    /// Ends the session, whatever it is doing, which releases the lock.
    pub(super) fn close(&mut self) {
        self.connection = None;
        self.is_active = false;
    }

    /// Waits until a standby relay reports committed events; without limit if there is no connection.
    pub(super) async fn notified(&mut self) {
        let Some(connection) = &mut self.connection else {
            return std::future::pending().await;
        };
        // An error shows in the next statement.
        let _ = pin!(connection.notifications_stream()).next().await;
    }

    /// Discards notifications: the next read returns the events of all of them.
    pub(super) fn clear_notifications(&mut self) {
        if let Some(connection) = &mut self.connection {
            let mut notifications = pin!(connection.notifications_stream());
            while let Some(Some(_)) = notifications.next().now_or_never() {}
        }
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use diesel_async::SimpleAsyncConnection;

    use super::*;
    use crate::{postgres::Schema, testing::TestDatabase};

    const SCHEMA: Schema = Schema {
        name: "notified",
        migrations: None,
    };

    #[tokio::test]
    async fn one_read_answers_all_notifications_before_it() {
        let database = TestDatabase::create(SCHEMA).await;
        let mut relay = RelayConnection::new(database.open(SCHEMA), &Pace::default());
        assert!(relay.acquire().await.unwrap());
        let mut standby = database.connect(SCHEMA.name).await;
        for _ in 0..3 {
            let notify = "NOTIFY taskmesh_outbox_notified";
            standby.batch_execute(notify).await.unwrap();
        }
        relay.notified().await;
        // The server sends notifications before the end of a statement.
        relay.keep_alive().await.unwrap();
        relay.clear_notifications();
        assert!(relay.notified().now_or_never().is_none());
    }
}
