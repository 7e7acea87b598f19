use std::time::Duration;

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
        protocol::{self, WebSocketConfig},
    },
};
use url::Url;

use super::Message;

/// Read buffer of a socket: most messages are one task.
const READ_BUFFER_BYTES: usize = 4 * 1024;
const OPEN_TIMEOUT: Duration = Duration::from_secs(20);
/// Silence after which the gateway counts as gone: three times its ping interval.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Close code of a frame without one.
const NO_CODE: u16 = 1005;
/// Close code of the rate limit.
const TOO_MANY: u16 = 4429;

/// Address of a gateway's live feed.
#[derive(Debug, Clone)]
pub struct LiveClient {
    url: Url,
    address: String,
}

/// Position at which a stream starts.
#[derive(Debug, Clone, Copy)]
pub enum Start<'a> {
    Now,
    Snapshot,
    /// Behind the message with this resume token.
    Behind(&'a str),
}

/// Open socket. Dropping it drops the connection without a close frame.
#[derive(Debug)]
pub struct Socket(WebSocketStream<TcpStream>);

/// Reason why a socket ended or was not opened.
#[derive(Debug, thiserror::Error)]
pub enum End {
    /// The connection was lost or not made.
    #[error("{0}")]
    Lost(BoxError),
    /// The gateway closed the socket with this code and reason.
    #[error("closed with {0} {1}")]
    Closed(u16, String),
    /// The gateway refused the request, or sent an invalid message.
    #[error("{0}")]
    Refused(BoxError),
}

impl LiveClient {
    /// Creates a client of the gateway at a URL.
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

    /// Opens a socket for the user of a token.
    pub async fn open(&self, token: &str, start: Start<'_>) -> Result<Socket, End> {
        let request = self.request(token, start).map_err(End::Refused)?;
        let opening = async {
            let stream = TcpStream::connect(&self.address).await?;
            stream.set_nodelay(true)?;
            let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES);
            client_async_with_config(request, stream, Some(config)).await
        };
        match timeout(OPEN_TIMEOUT, opening).await {
            Ok(Ok((socket, _))) => Ok(Socket(socket)),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(End::Lost(
                format!("no socket within {OPEN_TIMEOUT:?}").into(),
            )),
        }
    }

    fn request(&self, token: &str, start: Start<'_>) -> Result<Request, BoxError> {
        let mut url = self.url.clone();
        let (name, value) = match start {
            Start::Now => ("start", "WATCH_START_NOW"),
            Start::Snapshot => ("start", "WATCH_START_SNAPSHOT"),
            Start::Behind(token) => ("resume_token", token),
        };
        url.query_pairs_mut()
            .append_pair(name, value)
            .append_pair("show_completed", "true");
        let mut request = url.as_str().into_client_request()?;
        let bearer = HeaderValue::from_str(&format!("Bearer {token}"))?;
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        Ok(request)
    }
}

impl Socket {
    /// Waits for the next message, and answers pings.
    pub async fn next(&mut self) -> Result<Message, End> {
        let mut failure = None;
        loop {
            let received = timeout(IDLE_TIMEOUT, self.0.next()).await;
            let received = received.map_err(|_| {
                End::Lost(format!("the gateway was silent for {IDLE_TIMEOUT:?}").into())
            })?;
            match received {
                Some(Ok(protocol::Message::Text(text))) => {
                    let message: Message =
                        serde_json::from_str(text.as_str()).map_err(|error| {
                            End::Refused(format!("invalid message: {error}").into())
                        })?;
                    match message.error {
                        // The close code that follows decides whether to retry.
                        Some(error) => {
                            failure = Some(format!("{}: {}", error.status, error.message))
                        }
                        None => return Ok(message),
                    }
                }
                Some(Ok(protocol::Message::Close(frame))) => {
                    let (code, reason) = frame.map_or((NO_CODE, String::new()), |frame| {
                        (frame.code.into(), frame.reason.to_string())
                    });
                    return Err(End::Closed(code, failure.unwrap_or(reason)));
                }
                // The next read answers a ping.
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => return Err(End::Lost("connection closed without a close frame".into())),
            }
        }
    }
}

impl From<tungstenite::Error> for End {
    fn from(error: tungstenite::Error) -> Self {
        let tungstenite::Error::Http(response) = error else {
            return Self::Lost(error.into());
        };
        let status = response.status();
        let body = response.into_body().unwrap_or_default();
        let text = format!("{status}: {}", String::from_utf8_lossy(&body));
        match status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            true => Self::Lost(text.into()),
            false => Self::Refused(text.into()),
        }
    }
}

impl End {
    /// Returns whether a retry would end the same way.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_has_token_in_header_and_start_in_query() {
        let client = LiveClient::new(&"http://127.0.0.1:8080".parse().unwrap()).unwrap();
        let request = client.request("a.b.c", Start::Behind("x+y")).unwrap();
        assert_eq!(request.uri().path(), "/v1/live");
        assert_eq!(
            request.uri().query(),
            Some("resume_token=x%2By&show_completed=true")
        );
        assert_eq!(request.headers()["authorization"], "Bearer a.b.c");
    }

    #[test]
    fn client_retries_unless_the_end_is_final() {
        let closed = |code| End::Closed(code, String::new()).is_final();
        assert!(
            [1000, 1001, 1011, 1013, 4429]
                .iter()
                .all(|code| !closed(*code))
        );
        assert!([1008, 1009, 4400, 4401].iter().all(|code| closed(*code)));
    }

    #[test]
    fn url_of_no_gateway_is_refused_with_the_flag() {
        for url in ["https://example.com", "data:x"] {
            let error = LiveClient::new(&url.parse().unwrap())
                .unwrap_err()
                .to_string();
            assert!(error.starts_with("--gateway-url: "), "{error}");
        }
    }
}
