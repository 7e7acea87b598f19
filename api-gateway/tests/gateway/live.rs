//! Live streams over WebSockets and server-sent events, before fake services.

use std::time::Duration;

use futures::{SinkExt, StreamExt, stream};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        http::{HeaderValue, header},
        protocol::frame::coding::CloseCode,
    },
};
use tonic::Status;

use crate::support::gateway::{TestGateway, send};

const PATIENCE: Duration = Duration::from_secs(20);

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Connects with these headers.
    async fn open(
        gateway: &TestGateway,
        query: &str,
        headers: &[(header::HeaderName, String)],
    ) -> Result<Self, Error> {
        let url = gateway.url.replace("http://", "ws://");
        let mut request = format!("{url}/v1/live{query}").into_client_request()?;
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).unwrap();
            request.headers_mut().insert(name, value);
        }
        connect_async(request).await.map(|(socket, _)| Self(socket))
    }

    async fn open_as_alice(gateway: &TestGateway, query: &str) -> Self {
        let bearer = format!("Bearer {}", gateway.token("alice"));
        let headers = [(header::AUTHORIZATION, bearer)];
        Self::open(gateway, query, &headers).await.unwrap()
    }

    async fn say(&mut self, text: impl Into<String>) {
        self.0.send(Message::text(text.into())).await.unwrap();
    }

    /// Returns the next text as JSON, or the code and the reason that the socket closes with.
    async fn next(&mut self) -> Result<Value, (u16, String)> {
        loop {
            let message = timeout(PATIENCE, self.0.next()).await;
            match message
                .expect("something comes")
                .expect("a socket closes with a frame")
            {
                Ok(Message::Text(text)) => return Ok(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(Some(frame))) => {
                    return Err((frame.code.into(), frame.reason.to_string()));
                }
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Returns the code and the reason that the socket closes with, and the error that it tells before.
    async fn end(&mut self) -> (u16, String, Value) {
        let mut error = Value::Null;
        loop {
            match self.next().await {
                Ok(message) => error = message["error"].clone(),
                Err((code, reason)) => return (code, reason, error),
            }
        }
    }
}

fn told(token: &str, id: &str) -> Result<Value, Status> {
    Ok(json!({"resume_token": token, "unmatched": {"task_id": id, "task_version": "7"}}))
}

/// Starts a gateway before a service that tells two things and then nothing.
async fn live(more: &[(&str, &str)]) -> TestGateway {
    let gateway = TestGateway::start_with(more).await;
    gateway.services.on_stream("Watch", |_| {
        let messages = [told("t1", "a"), told("t2", "b")];
        stream::iter(messages).chain(stream::pending()).boxed()
    });
    gateway
}

#[tokio::test]
async fn a_socket_tells_each_message_as_a_text_of_json() {
    let gateway = live(&[]).await;
    let mut socket = Socket::open_as_alice(&gateway, "?filter=x&start=WATCH_START_SNAPSHOT").await;
    assert_eq!(socket.next().await.unwrap(), told("t1", "a").unwrap());
    assert_eq!(socket.next().await.unwrap(), told("t2", "b").unwrap());
    let asked = gateway.services.last();
    assert_eq!(asked.rpc, "Watch");
    let request = json!({"filter": "x", "start": "WATCH_START_SNAPSHOT"});
    assert_eq!(asked.message, request);
    gateway.stop().await;
}

#[tokio::test]
async fn a_browser_offers_its_token_as_a_protocol() {
    let gateway = live(&[]).await;
    let offered = format!("taskmesh.live.v1, bearer.{}", gateway.token("alice"));
    let headers = [(header::SEC_WEBSOCKET_PROTOCOL, offered)];
    let mut socket = Socket::open(&gateway, "", &headers).await.unwrap();
    assert_eq!(socket.next().await.unwrap()["resume_token"], "t1");

    let headers = [(
        header::SEC_WEBSOCKET_PROTOCOL,
        "taskmesh.live.v1, bearer.a.b.c".to_owned(),
    )];
    let mut socket = Socket::open(&gateway, "", &headers).await.unwrap();
    let (code, _, error) = socket.end().await;
    assert_eq!(
        (code, error["status"].as_str()),
        (4401, Some("UNAUTHENTICATED"))
    );
    gateway.stop().await;
}

#[tokio::test]
async fn the_first_message_may_bring_the_token_and_the_request() {
    let gateway = live(&[]).await;
    let mut socket = Socket::open(&gateway, "", &[]).await.unwrap();
    let greeting = json!({"token": gateway.token("alice"), "request": {"resume_token": "t0"}});
    socket.say(greeting.to_string()).await;
    assert_eq!(socket.next().await.unwrap()["resume_token"], "t1");
    assert_eq!(
        gateway.services.last().message,
        json!({"resume_token": "t0"})
    );
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_first_message_is_said() {
    let gateway = live(&[]).await;
    let token = gateway.token("alice");
    let cases = [
        ("{".to_owned(), 4400, "INVALID_JSON"),
        ("{}".to_owned(), 4400, "INVALID_FIELD"),
        (
            json!({"token": "a.b.c"}).to_string(),
            4401,
            "TOKEN_MALFORMED",
        ),
        (
            json!({"token": token, "request": {"filtre": "x"}}).to_string(),
            4400,
            "INVALID_FIELD",
        ),
    ];
    for (text, expected, reason) in cases {
        let mut socket = Socket::open(&gateway, "", &[]).await.unwrap();
        socket.say(text.clone()).await;
        let (code, said, error) = socket.end().await;
        assert_eq!((code, said.as_str()), (expected, reason), "{text} {error}");
        assert_eq!(error["details"][0]["reason"], reason);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_wrong_token_in_the_header_opens_no_socket() {
    let gateway = live(&[]).await;
    let headers = [(header::AUTHORIZATION, "Bearer a.b.c".to_owned())];
    match Socket::open(&gateway, "", &headers).await.map(drop) {
        Err(Error::Http(answer)) => {
            assert_eq!(answer.status(), 401);
            assert!(answer.headers().contains_key("www-authenticate"));
        }
        other => panic!("{other:?}"),
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_token_in_the_url_is_no_token() {
    let gateway = live(&[]).await;
    let query = format!("?access_token={}", gateway.token("alice"));
    let answer = send(gateway.open("GET", &format!("/v1/live{query}"))).await;
    assert_eq!(answer.status, 401);
    let mut socket = Socket::open_as_alice(&gateway, &query).await;
    assert_eq!(socket.end().await.0, 4400);
    gateway.stop().await;
}

#[tokio::test]
async fn service_error_is_sent_before_close() {
    let gateway = TestGateway::start().await;
    for (status, code) in [
        (Status::resource_exhausted("too many"), 4429),
        (Status::unavailable("tcp 10.0.0.7"), 1013),
        (Status::internal("password"), 1011),
    ] {
        let failing = status.clone();
        gateway.services.on_stream("Watch", move |_| {
            stream::iter([told("t1", "a"), Err(failing.clone())]).boxed()
        });
        let mut socket = Socket::open_as_alice(&gateway, "").await;
        socket.next().await.unwrap();
        let (closed, _, error) = socket.end().await;
        assert_eq!(closed, code);
        assert!(error["message"].is_string(), "{error}");
        assert!(!error.to_string().contains("10.0.0.7"));
    }
    gateway
        .services
        .on_stream("Watch", |_| stream::iter([told("", "a")]).boxed());
    let mut socket = Socket::open_as_alice(&gateway, "").await;
    assert_eq!(socket.end().await.0, u16::from(CloseCode::Normal));
    gateway.stop().await;
}

#[tokio::test]
async fn unexpected_or_large_message_closes_socket() {
    let gateway = live(&[]).await;
    let mut socket = Socket::open_as_alice(&gateway, "").await;
    socket.say("hello").await;
    assert_eq!(socket.end().await.0, u16::from(CloseCode::Policy));
    for headers in [
        vec![],
        vec![(
            header::AUTHORIZATION,
            format!("Bearer {}", gateway.token("alice")),
        )],
    ] {
        let mut socket = Socket::open(&gateway, "", &headers).await.unwrap();
        socket.say("x".repeat(1024 * 1024)).await;
        assert_eq!(socket.end().await.0, u16::from(CloseCode::Size));
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_gateway_that_stops_has_its_clients_come_back() {
    let gateway = live(&[]).await;
    let mut socket = Socket::open_as_alice(&gateway, "").await;
    socket.next().await.unwrap();
    let stopping = tokio::spawn(gateway.stop());
    assert_eq!(socket.end().await.0, u16::from(CloseCode::Away));
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_stream_lasts_no_longer_than_it_may() {
    let gateway = live(&[("REQUESTS__MAX_LIVE_MS", "300")]).await;
    let mut socket = Socket::open_as_alice(&gateway, "").await;
    assert_eq!(socket.end().await.0, u16::from(CloseCode::Away));
    let request = gateway.request("GET", "/v1/live");
    let answer = send(request.header("accept", "text/event-stream")).await;
    assert!(answer.text.ends_with("\n\n"), "{}", answer.text);
    assert!(!answer.text.contains("event: error"), "{}", answer.text);
    gateway.stop().await;
}

#[tokio::test]
async fn events_carry_resume_tokens_even_empty_ones() {
    let gateway = TestGateway::start().await;
    gateway.services.on_stream("Watch", |_| {
        stream::iter([told("t1", "a"), told("", "b")]).boxed()
    });
    let request = gateway
        .request("GET", "/v1/live")
        .header("accept", "text/event-stream");
    let answer = send(request).await;
    let events: Vec<&str> = answer.text.split_terminator("\n\n").collect();
    assert!(events[0].starts_with("id: t1\ndata: {"), "{}", answer.text);
    // A browser then comes back without a place.
    assert!(events[1].starts_with("id: \ndata: {"), "{}", answer.text);
    gateway.stop().await;
}

#[tokio::test]
async fn last_event_id_replaces_resume_token() {
    let gateway = live(&[("REQUESTS__MAX_LIVE_MS", "300")]).await;
    let resumed = |last: &'static str| {
        gateway
            .request(
                "GET",
                "/v1/live?start=WATCH_START_SNAPSHOT&resume_token=old",
            )
            .header("accept", "text/event-stream")
            .header("last-event-id", last)
    };
    send(resumed("t2")).await;
    assert_eq!(gateway.services.last().message["resume_token"], "t2");
    send(resumed("")).await;
    assert_eq!(gateway.services.last().message["resume_token"], "old");
    gateway.stop().await;
}
