//! Handler that records events in the chains of their users.

use std::{marker::PhantomData, time::Duration};

use async_trait::async_trait;
use service_runtime::{
    kafka::{EventHandler, HandleError, InboxBatch, Known, Received},
    postgres::Database,
};

use super::differences::MalformedEvent;
use crate::{chain_writer::ChainWriter, domain::record::Entry};

/// Event that has an audit record.
pub trait Recorded: prost::Message + Default + Sized + 'static {
    fn entry(event: &Received<Self>) -> Result<Entry, MalformedEvent>;
}

/// Records the events of one topic.
pub struct Recorder<E> {
    writer: ChainWriter,
    event: PhantomData<fn(E)>,
}

impl<E> Recorder<E> {
    pub fn new(writer: ChainWriter) -> Self {
        Self {
            writer,
            event: PhantomData,
        }
    }
}

#[async_trait]
impl<E: Recorded> EventHandler for Recorder<E> {
    type Event = E;
    /// The partitions take turns, so each of them has much to do at once.
    const MAX_BATCH: usize = 1_000;
    /// A record may be a moment late.
    const LINGER: Duration = Duration::from_millis(50);

    async fn commit(
        &self,
        _database: &Database,
        inbox: InboxBatch,
        events: &[&Received<E>],
    ) -> Result<Vec<Known>, HandleError> {
        let entries = events
            .iter()
            .map(|event| E::entry(event))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(self.writer.append_events(inbox, entries).await?)
    }
}
