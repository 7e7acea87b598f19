use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::Uri;
use serde_json::Value;
use service_runtime::{
    grpc::deadline,
    telemetry::propagation::{self, TraceContext},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};
use tokio_tungstenite::tungstenite::{self, Message};

use super::{
    close_reason::CloseReason,
    connection_init::ConnectionInit,
    credentials::Credentials,
    upgrade::{Socket, data},
};
use crate::{
    catalog::RouteMatch,
    error::Error,
    gateway::Gateway,
    http::{reply::Messages, request::query_pairs},
    metrics,
    transcode::{HttpInput, read_http},
};

/// Time limit for the client's first message.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time limit for the client to receive one message.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// Time limit for the client to receive the error and to answer the close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Interval of pings; a client that has not answered one by the next is gone.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// One WebSocket and the request of its client.
pub(super) struct Session {
    pub(super) gateway: Arc<Gateway>,
    pub(super) route: RouteMatch,
    /// URL without the ticket.
    pub(super) uri: Uri,
    pub(super) trace: TraceContext,
}

impl Session {
    /// Serves the socket until either side ends it.
    pub(super) async fn run(self, mut socket: Socket, credentials: Credentials) {
        let _counted = metrics::SocketOpen::count();
        let served = self.serve(&mut socket, credentials);
        let Err(reason) = propagation::with_context(self.trace, served).await;
        metrics::socket_closed(reason.code);
        // A client that does not read gets no reason.
        let _ = timeout(CLOSE_TIMEOUT, Box::pin(close(socket, &reason))).await;
    }

    async fn serve(
        &self,
        socket: &mut Socket,
        credentials: Credentials,
    ) -> Result<Infallible, CloseReason> {
        // Boxed, because an idle session keeps room for the largest future that it has awaited.
        let (messages, token_time) = Box::pin(self.start(socket, credentials)).await?;
        forward(socket, messages, token_time).await
    }

    /// Identifies the client and starts the stream of the service; returns also how long the client's token is valid.
    async fn start(
        &self,
        socket: &mut Socket,
        credentials: Credentials,
    ) -> Result<(Messages, Duration), CloseReason> {
        let gateway = &self.gateway;
        let mut request = None;
        let verified = match credentials {
            Credentials::Verified(verified) => verified,
            Credentials::Token(token) => gateway.auth.verify(&token).await?,
            // A client that opens sockets makes their URLs, so it gets a new ticket to resume.
            Credentials::Ticket(ticket) => {
                let path = self.uri.path();
                gateway.tickets.redeem(&ticket, path, false).await?
            }
            Credentials::FirstMessage => {
                let received = timeout(INIT_TIMEOUT, ConnectionInit::receive(socket));
                let init = tokio::select! {
                    init = received => init,
                    () = gateway.streams.stopping.cancelled() => return Err(CloseReason::RECONNECT),
                };
                let missing =
                    CloseReason::unexpected("no token received; send it in the first message");
                let init = init.map_err(|_| missing)??;
                request = init.request;
                gateway.auth.verify(&init.token).await?
            }
        };
        gateway.rate_limiter.take(&verified.caller.user_id)?;
        let message = self.message(request.as_ref())?;
        let head = Instant::now() + gateway.requests.deadline(None);
        let stream = gateway
            .upstreams
            .stream(&verified.caller, &self.route.rpc, message);
        let stream = deadline::with_deadline(head, stream).await?;
        let token_time = verified.time_left();
        let end = Instant::now() + gateway.requests.live_deadline(None, token_time);
        let messages = Messages::new(stream, self.route.clone(), end, Arc::clone(gateway));
        Ok((messages, token_time))
    }

    /// Builds the request message: of the first message if that has one, else of the URL's query.
    fn message(&self, request: Option<&Value>) -> Result<Bytes, Error> {
        let (query, binding) = match request {
            Some(_) => (Vec::new(), self.route.binding().with_whole_body()),
            None => (query_pairs(&self.uri), self.route.binding().clone()),
        };
        let body = request.map(Value::to_string);
        let input = HttpInput {
            path_values: &self.route.path_values,
            query: &query,
            body: body.as_ref().map(String::as_bytes),
            ..HttpInput::default()
        };
        let plans = &self.gateway.catalog.plans;
        let reading = read_http(plans, &self.route.rpc, &binding, input)?;
        let message = reading.complete().map_err(Error::fields)?;
        Ok(message.into())
    }
}

/// Forwards the messages of the service. Nothing is read ahead: what the client does not read, the service does not send.
async fn forward(
    socket: &mut Socket,
    mut messages: Messages,
    token_time: Duration,
) -> Result<Infallible, CloseReason> {
    let mut ping = interval(PING_INTERVAL);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping.tick().await;
    let mut is_alive = true;
    let expired = sleep(token_time);
    tokio::pin!(expired);
    loop {
        tokio::select! {
            () = &mut expired => return Err(CloseReason::TOKEN_EXPIRED),
            next = messages.next() => match next {
                Some(message) => {
                    let json = messages.json(&message?)?;
                    send(socket, Message::text(json)).await?;
                }
                None if messages.is_cut_short() => return Err(CloseReason::RECONNECT),
                None => return Err(CloseReason::COMPLETED),
            },
            received = socket.next() => match data(received)? {
                None => is_alive = true,
                Some(_) => {
                    return Err(CloseReason::unexpected("no further message is expected from the client"));
                }
            },
            _ = ping.tick() => {
                if !is_alive {
                    return Err(CloseReason::GONE);
                }
                send(socket, Message::Ping(Bytes::new())).await?;
                is_alive = false;
            }
        }
    }
}

async fn send(socket: &mut Socket, message: Message) -> Result<(), CloseReason> {
    match timeout(SEND_TIMEOUT, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(CloseReason::GONE),
    }
}

/// Ends a socket: sends the error, if there is one, exchanges close frames, and only then closes the connection, so that the client
/// gets both (RFC 6455, section 7.1.1).
async fn close(mut socket: Socket, reason: &CloseReason) -> Result<(), tungstenite::Error> {
    if *reason == CloseReason::GONE {
        return Ok(());
    }
    if let Some(error) = &reason.error {
        socket.send(Message::text(error)).await?;
    }
    match reason.frame() {
        Some(frame) => socket.send(Message::Close(Some(frame))).await?,
        // The library has the answer to the client's close frame ready.
        None => socket.flush().await?,
    }
    // Further data of the client is dropped, until its close frame, or until it broke the protocol.
    while let Some(Ok(_)) = socket.next().await {}
    let mut connection = socket.into_inner();
    connection.shutdown().await?;
    // Closing a connection with unread bytes resets it, and a reset can overtake the close frame.
    let mut unread = [0; 1024];
    while connection.read(&mut unread).await? > 0 {}
    Ok(())
}
