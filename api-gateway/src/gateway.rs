use std::sync::Arc;

use prost_reflect::DynamicMessage;
use service_runtime::grpc::{Caller, FieldViolation};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::Streaming;

use crate::{
    catalog::{Catalog, Rpc},
    config::RequestsConfig,
    error::Error,
    tickets::Tickets,
    transcode::Reading,
    upstream::Upstreams,
    validation::{add_new, only_checked},
};

/// What every way through the door needs: what is offered, who answers, and what a request may cost.
#[derive(Clone)]
pub struct Gateway {
    /// The offered RPCs.
    pub catalog: Arc<Catalog>,
    /// The services that answer them.
    pub upstreams: Upstreams,
    /// The tickets that open live streams.
    pub tickets: Tickets,
    /// The limits of a request.
    pub requests: RequestsConfig,
    /// Cancelled when the gateway stops.
    pub stopping: CancellationToken,
    /// The WebSockets that are open, for which a stop waits.
    pub sockets: TaskTracker,
}

impl Gateway {
    /// Calls an RPC for a user.
    ///
    /// # Errors
    ///
    /// Fails with what the service answers, or with what kept it from answering.
    pub async fn call(
        &self,
        caller: &Caller,
        rpc: &Rpc,
        message: DynamicMessage,
    ) -> Result<DynamicMessage, Error> {
        let answer = self.upstreams.call(caller, rpc, message).await;
        answer.map_err(|status| Error::upstream(rpc, status))
    }

    /// Returns the request message if all of it could be read. Else, where the RPC can be called only to be checked (AIP-163), the
    /// service checks the part that could.
    ///
    /// # Errors
    ///
    /// Fails with all that is wrong.
    pub async fn require_complete(
        &self,
        caller: &Caller,
        rpc: &Rpc,
        reading: Reading,
    ) -> Result<DynamicMessage, Error> {
        let Reading {
            message,
            mut violations,
        } = reading;
        if violations.is_empty() {
            return Ok(message);
        }
        if let Some(message) = only_checked(&self.catalog.notes, message, &violations)
            && let Err(status) = self.upstreams.call(caller, rpc, message).await
        {
            add_new(&mut violations, FieldViolation::all_of(&status));
        }
        Err(Error::InvalidFields(violations))
    }

    /// Calls an RPC for a user that answers with a stream.
    ///
    /// # Errors
    ///
    /// Fails with what the service answers, or with what kept it from answering.
    pub async fn stream(
        &self,
        caller: &Caller,
        rpc: &Rpc,
        message: DynamicMessage,
    ) -> Result<Streaming<DynamicMessage>, Error> {
        let answer = self.upstreams.stream(caller, rpc, message).await;
        answer.map_err(|status| Error::upstream(rpc, status))
    }
}
