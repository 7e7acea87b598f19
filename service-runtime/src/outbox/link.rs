use diesel_async::AsyncPgConnection;
use futures::StreamExt;
use uuid::Uuid;

use super::store;
use crate::postgres::{Database, DatabaseError};

/// Why the relay is woken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// Another process has committed events.
    Events,
    /// The lanes are to be shared anew.
    Share,
}

/// The relay's own connection: it does not wait for the pool when that is busy, and hears what other relays say.
pub(super) struct Link {
    database: Database,
    relay: Uuid,
    connection: Option<AsyncPgConnection>,
}

impl Link {
    pub(super) fn new(database: Database, relay: Uuid) -> Self {
        Self {
            database,
            relay,
            connection: None,
        }
    }

    /// Returns the connection, opening it if there is none.
    pub(super) async fn open(&mut self) -> Result<&mut AsyncPgConnection, DatabaseError> {
        if self.connection.is_none() {
            let mut connection = self.database.connect().await?;
            store::listen(&mut connection, self.database.schema()).await?;
            return Ok(self.connection.insert(connection));
        }
        self.connection.as_mut().ok_or_else(|| {
            DatabaseError::Unavailable("the relay has no connection to the database".into())
        })
    }

    /// Gives the connection up, whatever it is doing.
    pub(super) fn close(&mut self) {
        self.connection = None;
    }

    /// Waits until another relay says something; for ever if there is no connection.
    pub(super) async fn notice(&mut self) -> Notice {
        let Some(connection) = &mut self.connection else {
            return std::future::pending().await;
        };
        loop {
            let heard = std::pin::pin!(connection.notifications_stream())
                .next()
                .await;
            match heard {
                Some(Ok(notification)) if notification.payload == "share" => return Notice::Share,
                Some(Ok(notification)) if notification.payload == self.relay.to_string() => {}
                Some(Ok(_)) => return Notice::Events,
                // The next statement tells what is wrong with the connection.
                Some(Err(_)) | None => return Notice::Events,
            }
        }
    }
}
