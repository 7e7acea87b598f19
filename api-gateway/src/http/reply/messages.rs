use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{FutureExt, StreamExt};
use tokio::time::{Instant, sleep, sleep_until};
use tonic::{Status, Streaming};

use crate::{
    catalog::{Binding, RouteMatch, Rpc},
    error::Error,
    gateway::Gateway,
    transcode::{response_body, text_field},
};

/// Time for a stream to end after the gateway begins to shut down.
const DRAIN_GRACE: Duration = Duration::from_secs(2);

/// Messages of a service's stream, until it ends, its time is up, or the gateway stops. Nothing is read ahead: what the
/// client does not read, the service does not send. Dropping it cancels the call.
pub(in crate::http) struct Messages {
    stream: Streaming<Bytes>,
    route: RouteMatch,
    deadline: Instant,
    gateway: Arc<Gateway>,
    is_cut_short: bool,
}

impl Messages {
    /// Takes over a stream that has begun.
    pub(in crate::http) fn new(
        stream: Streaming<Bytes>,
        route: RouteMatch,
        deadline: Instant,
        gateway: Arc<Gateway>,
    ) -> Self {
        Self {
            stream,
            route,
            deadline,
            gateway,
            is_cut_short: false,
        }
    }

    /// Returns the RPC whose stream it is.
    pub(super) fn rpc(&self) -> &Rpc {
        &self.route.rpc
    }

    /// Returns the route by which the RPC was called.
    pub(super) fn binding(&self) -> &Binding {
        self.route.binding()
    }

    /// Returns the next message; an error is the last. A live stream whose time is up, or whose gateway stops, just ends: its
    /// client reconnects and resumes.
    pub(in crate::http) async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        let is_live = self.route.rpc.live.is_some();
        let stopped = async {
            self.gateway.streams.stopping.cancelled().await;
            if !is_live {
                sleep(DRAIN_GRACE).await;
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

    /// Returns the next message if it has arrived already.
    pub(super) fn next_if_ready(&mut self) -> Option<Option<Result<Bytes, Error>>> {
        let next = self.stream.next().now_or_never()?;
        Some(self.checked(next))
    }

    /// Reports whether the stream ended before the service had sent everything.
    pub(in crate::http) fn is_cut_short(&self) -> bool {
        self.is_cut_short
    }

    /// Returns a message as the JSON that its route answers with.
    pub(in crate::http) fn json(&self, message: &[u8]) -> Result<String, Error> {
        let field = self.binding().response_body.as_deref();
        let plans = &self.gateway.catalog.plans;
        let json = response_body(plans, self.rpc().output, message, field)?;
        String::from_utf8(json).map_err(Error::internal)
    }

    /// Returns the position behind a message, if the stream is a live one.
    pub(super) fn resume_token<'a>(&self, message: &'a [u8]) -> Option<&'a str> {
        let live = self.rpc().live.as_ref()?;
        Some(text_field(message, live.resume_at))
    }

    fn checked(&self, next: Option<Result<Bytes, Status>>) -> Option<Result<Bytes, Error>> {
        next.map(|next| next.map_err(|status| Error::upstream(self.rpc().full_name(), &status)))
    }
}
