use std::{sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt};
use prost_reflect::DynamicMessage;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};

use crate::{catalog::Rpc, error::Error, gateway::Gateway};

/// How long a stream may go on when the gateway has been told to stop.
const FAREWELL: Duration = Duration::from_secs(2);

/// The messages of a service's stream, until it ends, its time is up, or the gateway stops. Nothing is read ahead: what the
/// client does not take, the service does not send. Dropping it cancels the call.
pub(in crate::http) struct Messages {
    stream: Streaming<DynamicMessage>,
    rpc: Arc<Rpc>,
    deadline: Instant,
    stopping: CancellationToken,
}

impl Messages {
    /// Takes over a stream that has begun.
    pub(in crate::http) fn new(
        stream: Streaming<DynamicMessage>,
        rpc: Arc<Rpc>,
        deadline: Instant,
        gateway: &Gateway,
    ) -> Self {
        Self {
            stream,
            rpc,
            deadline,
            stopping: gateway.stopping.clone(),
        }
    }

    /// Returns the RPC whose stream it is.
    pub(super) fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// Returns the next message; an error is the last.
    pub(super) async fn next(&mut self) -> Option<Result<DynamicMessage, Error>> {
        let stopped = async {
            self.stopping.cancelled().await;
            sleep(FAREWELL).await;
        };
        let next = tokio::select! {
            biased;
            () = sleep_until(self.deadline) => Some(Err(Status::deadline_exceeded("the stream's time is up"))),
            () = stopped => Some(Err(Status::unavailable("the gateway stops"))),
            next = self.stream.next() => next,
        };
        self.checked(next)
    }

    /// Returns the next message if it is there already.
    pub(super) fn next_if_there(&mut self) -> Option<Option<Result<DynamicMessage, Error>>> {
        let next = self.stream.next().now_or_never()?;
        Some(self.checked(next))
    }

    fn checked(
        &self,
        next: Option<Result<DynamicMessage, Status>>,
    ) -> Option<Result<DynamicMessage, Error>> {
        next.map(|next| next.map_err(|status| Error::upstream(&self.rpc, status)))
    }
}
