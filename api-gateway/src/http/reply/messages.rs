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
    is_cut_short: bool,
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
            is_cut_short: false,
        }
    }

    /// Returns the RPC whose stream it is.
    pub(super) fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// Returns the next message; an error is the last. A live stream whose time is up, or whose gateway stops, just ends: its
    /// client comes back and goes on.
    pub(in crate::http) async fn next(&mut self) -> Option<Result<DynamicMessage, Error>> {
        let is_live = self.rpc.live.is_some();
        let stopped = async {
            self.stopping.cancelled().await;
            if !is_live {
                sleep(FAREWELL).await;
            }
        };
        let next = tokio::select! {
            biased;
            () = sleep_until(self.deadline) => Some(Err(Status::deadline_exceeded("the stream has reached its maximum duration"))),
            () = stopped => Some(Err(Status::unavailable("the gateway is shutting down"))),
            next = self.stream.next() => return self.checked(next),
        };
        self.is_cut_short = true;
        match is_live {
            true => None,
            false => self.checked(next),
        }
    }

    /// Tells whether the stream ended before the service had told everything.
    pub(in crate::http) fn is_cut_short(&self) -> bool {
        self.is_cut_short
    }

    /// Returns the place behind a message, if the stream is a live one.
    pub(in crate::http) fn place_behind(&self, message: &DynamicMessage) -> Option<String> {
        let live = self.rpc.live.as_ref()?;
        let place = message.get_field(&live.resume_at);
        Some(place.as_str().unwrap_or_default().to_owned())
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
