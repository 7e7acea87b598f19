use std::{fmt, time::Duration};

use futures::StreamExt;
use service_runtime::BoxError;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        self,
        client::IntoClientRequest,
        handshake::client::Request,
        http::{HeaderValue, StatusCode, header},
        protocol::{self, CloseFrame, WebSocketConfig},
    },
};
use url::Url;

use super::{Event, Message};

/// Most messages are a task.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// How long a socket may take to open.
const OPEN_PATIENCE: Duration = Duration::from_secs(20);
/// Who says nothing for so long is gone: the gateway asks three times as often whether its client is there.
const SILENCE: Duration = Duration::from_secs(60);
/// What a socket closes with whose frame has no code.
const NO_CODE: u16 = 1005;
/// What it closes with when there are too many.
const TOO_MANY: u16 = 4429;

/// Where sockets are opened: the live feed of a gateway.
#[derive(Debug, Clone)]
pub struct Door {
    url: Url,
    address: String,
}

/// Where a stream begins.
#[derive(Debug, Clone, Copy)]
pub enum Start<'a> {
    /// With the changes from now on.
    Now,
    /// With what there is.
    Snapshot,
    /// Behind the message that had this resume token.
    Behind(&'a str),
}

/// An open socket. Dropping it cuts the connection, as when a client dies.
#[derive(Debug)]
pub struct Socket(WebSocketStream<TcpStream>);

/// Why a socket is no more, or never was.
#[derive(Debug)]
pub enum End {
    /// The connection was lost, or never made.
    Lost(BoxError),
    /// The gateway has closed it, with this code; why.
    Closed(u16, String),
    /// The gateway does not open it, or says what cannot be read.
    Refused(BoxError),
}

impl Door {
    /// Returns the live feed of the gateway at a URL.
    pub fn new(gateway: &Url) -> Result<Self, BoxError> {
        let (Some(host), Some(port), "http") = (
            gateway.host_str(),
            gateway.port_or_known_default(),
            gateway.scheme(),
        ) else {
            return Err(format!("--gateway-url: {gateway} must be http://host:port").into());
        };
        let address = format!("{host}:{port}");
        let url = Url::parse(&format!("ws://{address}/v1/live"))?;
        Ok(Self { url, address })
    }

    /// Opens a socket for whoever has this token.
    pub async fn open(&self, token: &str, start: Start<'_>) -> Result<Socket, End> {
        let request = self.request(token, start).map_err(End::Refused)?;
        let opening = async {
            let stream = TcpStream::connect(&self.address).await?;
            stream.set_nodelay(true)?;
            let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES);
            client_async_with_config(request, stream, Some(config)).await
        };
        match timeout(OPEN_PATIENCE, opening).await {
            Ok(Ok((socket, _))) => Ok(Socket(socket)),
            Ok(Err(cause)) => Err(End::of(cause)),
            Err(_) => Err(End::Lost(
                format!("no socket within {OPEN_PATIENCE:?}").into(),
            )),
        }
    }

    fn request(&self, token: &str, start: Start<'_>) -> Result<Request, BoxError> {
        let mut url = self.url.clone();
        let mut query = url.query_pairs_mut();
        match start {
            Start::Now => query.append_pair("start", "WATCH_START_NOW"),
            Start::Snapshot => query.append_pair("start", "WATCH_START_SNAPSHOT"),
            Start::Behind(token) => query.append_pair("resume_token", token),
        };
        query.append_pair("show_completed", "true");
        drop(query);
        let mut request = url.as_str().into_client_request()?;
        let bearer = HeaderValue::from_str(&format!("Bearer {token}"))?;
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        Ok(request)
    }
}

impl Socket {
    /// Waits for the next message, and answers whoever asks whether the client is there.
    pub async fn next(&mut self) -> Result<Message, End> {
        let mut failure = None;
        loop {
            let received = timeout(SILENCE, self.0.next()).await;
            let received = received.map_err(|_| {
                End::Lost(format!("the gateway has said nothing for {SILENCE:?}").into())
            })?;
            match received {
                Some(Ok(protocol::Message::Text(text))) => {
                    let message = Message::read(text.as_str()).map_err(End::Refused)?;
                    match message.event {
                        // The code that the socket closes with says what to do about it.
                        Event::Failed(told) => failure = Some(told),
                        _ => return Ok(message),
                    }
                }
                Some(Ok(protocol::Message::Close(frame))) => {
                    return Err(End::closed(frame, failure));
                }
                // Pings are answered by the next look at the socket.
                Some(Ok(_)) => {}
                Some(Err(cause)) => return Err(End::of(cause)),
                None => return Err(End::Lost("the connection was cut".into())),
            }
        }
    }
}

impl End {
    fn of(cause: tungstenite::Error) -> Self {
        match cause {
            tungstenite::Error::Http(answer) => {
                let status = answer.status();
                let body = answer.into_body().unwrap_or_default();
                let text = format!("{status}: {}", String::from_utf8_lossy(&body));
                // A gateway that lacks something for the moment says so.
                match status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
                    true => Self::Lost(text.into()),
                    false => Self::Refused(text.into()),
                }
            }
            cause => Self::Lost(cause.into()),
        }
    }

    fn closed(frame: Option<CloseFrame>, failure: Option<String>) -> Self {
        let (code, reason) = match frame {
            Some(frame) => (frame.code.into(), frame.reason.to_string()),
            None => (NO_CODE, String::new()),
        };
        Self::Closed(code, failure.unwrap_or(reason))
    }

    /// Returns whether coming back as before would end the same way.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Lost(_) => false,
            Self::Refused(_) => true,
            Self::Closed(code, _) => {
                matches!(code, 1002..=1003 | 1007..=1010 | 4000..=4999) && *code != TOO_MANY
            }
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(cause) | Self::Refused(cause) => cause.fmt(formatter),
            Self::Closed(code, reason) => write!(formatter, "closed with {code} {reason}"),
        }
    }
}

impl std::error::Error for End {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_its_token_in_a_header_and_its_start_in_the_query() {
        let door = Door::new(&"http://127.0.0.1:8080".parse().unwrap()).unwrap();
        let request = door.request("a.b.c", Start::Behind("x+y")).unwrap();
        assert_eq!(request.uri().path(), "/v1/live");
        assert_eq!(
            request.uri().query(),
            Some("resume_token=x%2By&show_completed=true")
        );
        assert_eq!(request.headers()["authorization"], "Bearer a.b.c");
    }

    #[test]
    fn a_client_comes_back_unless_that_would_end_the_same_way() {
        let closed = |code| End::Closed(code, String::new()).is_final();
        assert!(
            [1000, 1001, 1011, 1013, 4429]
                .iter()
                .all(|code| !closed(*code))
        );
        assert!([1008, 1009, 4400, 4401].iter().all(|code| closed(*code)));
    }

    #[test]
    fn a_url_that_is_none_of_a_gateway_is_refused_with_the_flag() {
        for url in ["https://example.com", "data:x"] {
            let error = Door::new(&url.parse().unwrap()).unwrap_err().to_string();
            assert!(error.starts_with("--gateway-url: "), "{error}");
        }
    }
}
