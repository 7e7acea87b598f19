use std::future::Future;

use axum::response::{IntoResponse, Response};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message,
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};

use super::{close_reason::CloseReason, credentials::PROTOCOL};
use crate::{
    error::Error,
    http::{header_list, problem},
};

/// Maximum size of a client's message, which has a token and a filter.
const MAX_BYTES: usize = 64 * 1024;
/// Size of the read buffer that each client has for as long as it is connected; clients send little.
const READ_BUFFER_BYTES: usize = 512;
const KEY_BYTES: usize = 16;
const VERSION: HeaderValue = HeaderValue::from_static("13");
const UPGRADE: HeaderValue = HeaderValue::from_static("upgrade");
const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// Server side of a WebSocket.
pub(super) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Returns a received message if it has data, or the reason for the end of the socket.
pub(super) fn data(
    received: Option<Result<Message, tungstenite::Error>>,
) -> Result<Option<Message>, CloseReason> {
    match received {
        Some(Ok(Message::Close(frame))) => Err(CloseReason::closed_by_client(frame.as_ref())),
        Some(Ok(message)) if message.is_text() || message.is_binary() => Ok(Some(message)),
        Some(Ok(_)) => Ok(None),
        Some(Err(cause)) => Err(CloseReason::receive_failed(&cause)),
        None => Err(CloseReason::GONE),
    }
}

/// The opening handshake of a WebSocket (RFC 6455, section 4.2).
pub(super) struct Upgrade {
    key: HeaderValue,
    offers_protocol: bool,
    on_upgrade: OnUpgrade,
}

impl Upgrade {
    /// Reports whether a request asks for a WebSocket.
    pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
        lists(headers, header::UPGRADE, "websocket")
    }

    /// Reads the client's part of the handshake, or returns the refusal.
    pub(super) fn read(parts: &mut Parts) -> Result<Self, Box<Response>> {
        let headers = &parts.headers;
        if !lists(headers, header::CONNECTION, "upgrade") {
            return Err(refusal("the header Connection must be Upgrade"));
        }
        if headers.get(header::SEC_WEBSOCKET_VERSION) != Some(&VERSION) {
            return Err(other_version());
        }
        let key = headers.get(header::SEC_WEBSOCKET_KEY);
        let key = key.filter(|key| {
            let decoded = BASE64_STANDARD.decode(key.as_bytes());
            decoded.is_ok_and(|bytes| bytes.len() == KEY_BYTES)
        });
        let key = key
            .cloned()
            .ok_or_else(|| refusal("the header Sec-WebSocket-Key must be 16 bytes in base64"))?;
        let mut offered = header_list(headers, header::SEC_WEBSOCKET_PROTOCOL);
        let offers_protocol = offered.any(|name| name == PROTOCOL);
        let on_upgrade = parts.extensions.remove::<OnUpgrade>();
        let on_upgrade = on_upgrade
            .ok_or_else(|| refusal("this connection cannot be upgraded; use HTTP/1.1"))?;
        Ok(Self {
            key,
            offers_protocol,
            on_upgrade,
        })
    }

    /// Returns the server's part of the handshake, and the socket, which is ready once that is sent; none if the client has
    /// disconnected before.
    pub(super) fn accept(self) -> (Response, impl Future<Output = Option<Socket>>) {
        let accepted = derive_accept_key(self.key.as_bytes());
        let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, UPGRADE);
        headers.insert(header::UPGRADE, WEBSOCKET);
        if let Ok(accepted) = HeaderValue::from_str(&accepted) {
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accepted);
        }
        if self.offers_protocol {
            let protocol = HeaderValue::from_static(PROTOCOL);
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
        }
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            // Every message is sent at once.
            .write_buffer_size(0)
            .max_message_size(Some(MAX_BYTES))
            .max_frame_size(Some(MAX_BYTES));
        let socket = async move {
            let connection = TokioIo::new(self.on_upgrade.await.ok()?);
            let socket = Socket::from_raw_socket(connection, Role::Server, Some(config));
            Some(socket.await)
        };
        (response, socket)
    }
}

fn refused(http: StatusCode, cause: &str) -> Box<Response> {
    let message = format!("the WebSocket cannot be opened: {cause}");
    Box::new(problem(Error::transport(http.as_u16(), message)))
}

fn refusal(cause: &str) -> Box<Response> {
    refused(StatusCode::BAD_REQUEST, cause)
}

fn other_version() -> Box<Response> {
    let mut response = refused(
        StatusCode::UPGRADE_REQUIRED,
        "the header Sec-WebSocket-Version must be 13",
    );
    let headers = response.headers_mut();
    headers.insert(header::SEC_WEBSOCKET_VERSION, VERSION);
    headers.insert(header::CONNECTION, UPGRADE);
    headers.insert(header::UPGRADE, WEBSOCKET);
    response
}

/// Reports whether a header that is a list has this entry, in upper or lower case.
fn lists(headers: &HeaderMap, name: HeaderName, entry: &str) -> bool {
    header_list(headers, name).any(|it| it.eq_ignore_ascii_case(entry))
}
