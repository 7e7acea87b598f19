use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use prost_reflect::DynamicMessage;
use serde_json::Value;
use service_runtime::{
    grpc::{Verified, deadline},
    telemetry::propagation::{self, TraceContext},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};
use tokio_tungstenite::tungstenite::{self, Message};
use url::form_urlencoded;

use super::{close::End, door::Door, greeting::Greeting, upgrade::Socket};
use crate::{
    catalog::{Binding, Rpc},
    error::Error,
    http::reply::Messages,
    metrics,
    transcode::{HttpInput, from_http, response_body},
};

/// How long a client may take to bring its token.
const GREETING_PATIENCE: Duration = Duration::from_secs(10);
/// How long a client may take to take one message.
const SENDING_PATIENCE: Duration = Duration::from_secs(10);
/// Time limit for a client to receive the error and to answer the close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// How often a client is asked whether it is there; one that has not answered by the next time is not.
const PING_EVERY: Duration = Duration::from_secs(20);

/// One socket, and what its client asks for.
pub(super) struct Session {
    pub(super) rpc: Arc<Rpc>,
    pub(super) binding: Binding,
    pub(super) path: String,
    pub(super) path_values: Vec<String>,
    pub(super) query: String,
    pub(super) trace: Option<TraceContext>,
    pub(super) door: Door,
}

/// How a client says who it is.
pub(super) enum Opening {
    /// It has said so.
    Verified(Verified),
    /// By this token.
    Token(String),
    /// By this ticket.
    Ticket(String),
    /// By its first message.
    FirstMessage,
}

impl Session {
    /// Serves the socket until either side has enough of it.
    pub(super) async fn run(self, mut socket: Socket, opening: Opening) {
        let _counted = metrics::SocketOpen::count();
        let served = self.serve(&mut socket, opening);
        let end = match self.trace {
            Some(trace) => propagation::with_context(trace, served).await,
            None => served.await,
        };
        metrics::socket_closed(end.code());
        // A client that takes nothing any more is not told why.
        let _ = timeout(CLOSE_TIMEOUT, Box::pin(close(socket, &end))).await;
    }

    async fn serve(&self, socket: &mut Socket, opening: Opening) -> End {
        // In a box, because a session that waits keeps room for the largest thing that it has done.
        match Box::pin(self.begin(socket, opening)).await {
            Ok((messages, token_time)) => self.pass_on(socket, messages, token_time).await,
            Err(end) => end,
        }
    }

    /// Finds out who the client is and what it asks for, and asks the service; returns also how long the client's token is valid.
    async fn begin(
        &self,
        socket: &mut Socket,
        opening: Opening,
    ) -> Result<(Messages, Duration), End> {
        let Door {
            gateway,
            auth,
            rates,
            ..
        } = &self.door;
        let (token, request) = match opening {
            Opening::Verified(verified) => (Ok(verified), None),
            Opening::Token(token) => (auth.verify(&token).await.map_err(Error::from), None),
            // A client that opens sockets makes their URLs, so it gets a new ticket to resume.
            Opening::Ticket(ticket) => {
                let redeemed = gateway.tickets.redeem(&ticket, &self.path, false).await;
                (redeemed, None)
            }
            Opening::FirstMessage => {
                let greeting = tokio::select! {
                    greeting = timeout(GREETING_PATIENCE, Greeting::receive(socket)) => greeting,
                    () = gateway.stopping.cancelled() => return Err(End::ComeBack),
                };
                let greeting = greeting.map_err(|_| {
                    End::Unexpected("no token received; send it in the first message")
                })??;
                let verified = auth.verify(&greeting.token).await;
                (verified.map_err(Error::from), greeting.request)
            }
        };
        let failed = |error: Error| End::of(&error);
        let verified = token.map_err(failed)?;
        rates.take(&verified.caller.user_id).map_err(failed)?;
        let message = self.message(request.as_ref()).map_err(failed)?;

        let head = Instant::now() + gateway.requests.deadline(None);
        let stream = gateway.stream(&verified.caller, &self.rpc, message);
        let stream = deadline::with_deadline(head, stream)
            .await
            .map_err(failed)?;
        let token_time = verified.time_left();
        let time = gateway.requests.live_deadline(None, token_time);
        let end = Instant::now() + time;
        let messages = Messages::new(stream, Arc::clone(&self.rpc), end, gateway);
        Ok((messages, token_time))
    }

    /// Builds the request message: of the first message if that has one, else of the URL's query.
    fn message(&self, request: Option<&Value>) -> Result<DynamicMessage, Error> {
        let notes = &self.door.gateway.catalog.notes;
        let query: Vec<(String, String)> = match request {
            Some(_) => Vec::new(),
            None => form_urlencoded::parse(self.query.as_bytes())
                .into_owned()
                .collect(),
        };
        let binding = match request {
            Some(_) => self.binding.with_whole_body(),
            None => self.binding.clone(),
        };
        let input = HttpInput {
            path_values: &self.path_values,
            query: &query,
            body: request,
            ..HttpInput::default()
        };
        from_http(notes, &self.rpc, &binding, input).map_err(Error::InvalidFields)
    }

    /// Passes on what the service tells. Nothing is read ahead of the client: what it does not take, the service does not send.
    async fn pass_on(
        &self,
        socket: &mut Socket,
        mut messages: Messages,
        token_time: Duration,
    ) -> End {
        let mut ping = interval(PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ping.tick().await;
        let mut is_there = true;
        let expired = sleep(token_time);
        tokio::pin!(expired);
        loop {
            tokio::select! {
                () = &mut expired => return End::TokenExpired,
                next = messages.next() => {
                    let json = match next {
                        Some(message) => message.and_then(|message| self.json(&message)),
                        None if messages.is_cut_short() => return End::ComeBack,
                        None => return End::Told,
                    };
                    let text = match json {
                        Ok(json) => json.to_string(),
                        Err(error) => return End::of(&error),
                    };
                    if send(socket, Message::Text(text.into())).await.is_err() {
                        return End::Gone;
                    }
                }
                received = socket.next() => match received {
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => is_there = true,
                    Some(Ok(Message::Text(_) | Message::Binary(_))) => {
                        return End::Unexpected("no further message is expected from the client");
                    }
                    Some(Ok(Message::Close(frame))) => return End::closed_by_client(frame.as_ref()),
                    Some(Err(cause)) => return End::of_broken(&cause),
                    None => return End::Gone,
                },
                _ = ping.tick() => {
                    if !is_there || send(socket, Message::Ping(Bytes::new())).await.is_err() {
                        return End::Gone;
                    }
                    is_there = false;
                }
            }
        }
    }

    fn json(&self, message: &DynamicMessage) -> Result<Value, Error> {
        let notes = &self.door.gateway.catalog.notes;
        response_body(notes, message, self.binding.response_body.as_ref())
            .map_err(|fault| Error::Internal(fault.into()))
    }
}

/// Why a message was not sent.
struct NotTaken;

async fn send(socket: &mut Socket, message: Message) -> Result<(), NotTaken> {
    match timeout(SENDING_PATIENCE, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(NotTaken),
    }
}

/// Ends a socket: tells the error, if there is one, exchanges close frames, and only then closes the connection, so that the client
/// gets both (RFC 6455, section 7.1.1).
async fn close(mut socket: Socket, end: &End) -> Result<(), tungstenite::Error> {
    if matches!(end, End::Gone) {
        return Ok(());
    }
    if let Some(words) = end.last_words() {
        socket.send(Message::text(words.to_string())).await?;
    }
    match end.frame() {
        Some(frame) => socket.send(Message::Close(Some(frame))).await?,
        // The library has the answer to the client's close frame ready.
        None => socket.flush().await?,
    }
    // Whatever else the client has sent is dropped, until its close frame, or until it broke the protocol.
    while let Some(Ok(_)) = socket.next().await {}
    let mut connection = socket.into_inner();
    connection.shutdown().await?;
    // Closing a connection with unread bytes resets it, and a reset can overtake the close frame.
    let mut unread = [0; 1024];
    while connection.read(&mut unread).await? > 0 {}
    Ok(())
}
