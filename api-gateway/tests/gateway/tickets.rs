//! Live streams that are opened by a ticket in their URL.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use futures::{StreamExt, stream};
use serde_json::{Value, json};

use crate::support::{
    gateway::{Answer, TestGateway, send},
    raw_socket::{HANDSHAKE, RawSocket},
};

const MINUTE: Duration = Duration::from_secs(60);
const USED_UP: Duration = Duration::ZERO;
const HOUR: i64 = 3_600;

/// Starts a gateway before a service that tells one thing and ends.
async fn live() -> TestGateway {
    let gateway = TestGateway::start().await;
    gateway.services.on_stream("Watch", |_| {
        stream::iter([Ok(json!({"resume_token": "t1"}))]).boxed()
    });
    gateway
}

/// Opens the stream as an `EventSource` does.
async fn open(gateway: &TestGateway, query: &str, last_event_id: Option<&str>) -> Answer {
    let request = gateway.open("GET", &format!("/v1/live?{query}"));
    let mut request = request.header("accept", "text/event-stream");
    if let Some(id) = last_event_id {
        request = request.header("last-event-id", id);
    }
    send(request).await
}

/// Returns the user of the last call that a service was asked.
fn user(gateway: &TestGateway) -> String {
    let call = gateway.services.last();
    let bearer = call.metadata.get("authorization").unwrap();
    let claims = bearer.to_str().unwrap().split('.').nth(1).unwrap();
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["sub"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn ticket_opens_the_stream_of_its_user() {
    let gateway = live().await;
    let issued = send(gateway.request("POST", "/v1/live/tickets")).await;
    assert_eq!(issued.status, 200, "{}", issued.text);
    assert_eq!(issued.header("cache-control"), "no-store");
    assert_eq!(issued.header("referrer-policy"), "no-referrer");
    let issued = issued.json();
    let ticket = issued["ticket"].as_str().unwrap();
    let expire_time = issued["expire_time"].as_str().unwrap();
    let left = chrono::DateTime::parse_from_rfc3339(expire_time)
        .unwrap()
        .timestamp()
        - now();
    assert!((50..=60).contains(&left), "{expire_time}");

    let answer = open(&gateway, &format!("filter=x&ticket={ticket}"), None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(
        answer.text.starts_with("id: t1\ndata: {"),
        "{}",
        answer.text
    );
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(gateway.services.last().message, json!({"filter": "x"}));
    assert_eq!(user(&gateway), "alice");

    let bobs = gateway.ticket("bob", MINUTE, HOUR);
    assert_eq!(
        open(&gateway, &format!("ticket={bobs}"), None).await.status,
        200
    );
    assert_eq!(user(&gateway), "bob");
    gateway.stop().await;
}

#[tokio::test]
async fn ticket_opens_a_socket() {
    let gateway = live().await;
    let ask = async |ticket: &str| {
        let target = format!("/v1/live?start=WATCH_START_SNAPSHOT&ticket={ticket}");
        RawSocket::ask(&gateway, &target, &HANDSHAKE).await
    };
    let mut opened = ask(&gateway.ticket("alice", MINUTE, HOUR)).await.socket;
    let (_, text) = opened.frame().await;
    assert_eq!(
        serde_json::from_slice::<Value>(&text).unwrap()["resume_token"],
        "t1"
    );
    let request = json!({"start": "WATCH_START_SNAPSHOT"});
    assert_eq!(gateway.services.last().message, request);

    for (ticket, reason) in [
        ("a.b.c".to_owned(), "TICKET_INVALID"),
        (gateway.ticket("alice", USED_UP, HOUR), "TICKET_EXPIRED"),
    ] {
        let mut refused = ask(&ticket).await.socket;
        let (_, text) = refused.frame().await;
        let error: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(error["error"]["details"][0]["reason"], reason);
        assert_eq!(refused.close_frame().await[..2], 4401_u16.to_be_bytes());
    }
    gateway.stop().await;
}

#[tokio::test]
async fn used_up_ticket_resumes_until_its_token_expires() {
    let gateway = live().await;
    let used_up = format!("ticket={}", gateway.ticket("alice", USED_UP, HOUR));
    for last_event_id in [None, Some("")] {
        let refused = open(&gateway, &used_up, last_event_id).await;
        assert_eq!(refused.status, 401);
        assert_eq!(refused.reason(), "TICKET_EXPIRED");
        assert!(refused.header("www-authenticate").starts_with("Bearer"));
    }
    // A place in the URL proves nothing: it is logged with the ticket.
    let refused = open(&gateway, &format!("resume_token=t1&{used_up}"), None).await;
    assert_eq!(refused.reason(), "TICKET_EXPIRED");
    assert!(gateway.services.calls().is_empty());

    let resumed = open(&gateway, &used_up, Some("t1")).await;
    assert_eq!(resumed.status, 200, "{}", resumed.text);
    assert_eq!(
        gateway.services.last().message,
        json!({"resume_token": "t1"})
    );
    assert_eq!(user(&gateway), "alice");

    let over = format!("ticket={}", gateway.ticket("alice", MINUTE, -HOUR));
    let refused = open(&gateway, &over, Some("t1")).await;
    assert_eq!(refused.reason(), "TICKET_EXPIRED");
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_no_ticket_opens_nothing() {
    let gateway = live().await;
    let ticket = gateway.ticket("alice", MINUTE, HOUR);
    let (head, signature) = ticket.rsplit_once('.').unwrap();
    let (header, claims) = head.split_once('.').unwrap();
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap();
    let forged = String::from_utf8(claims).unwrap().replace("alice", "bobby");
    let forged = BASE64_URL_SAFE_NO_PAD.encode(forged);
    for wrong in [
        String::new(),
        "x".to_owned(),
        format!("{header}.{forged}.{signature}"),
        format!("{head}."),
        gateway.token("alice"),
        gateway.mesh_token("alice"),
        format!("{ticket}&ticket={ticket}"),
        "x".repeat(20_000),
    ] {
        for last_event_id in [None, Some("t1")] {
            let refused = open(&gateway, &format!("ticket={wrong}"), last_event_id).await;
            assert_eq!(refused.status, 401, "{wrong}");
            assert_eq!(refused.reason(), "TICKET_INVALID", "{wrong}");
        }
    }
    assert!(gateway.services.calls().is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn ticket_is_for_live_streams_alone() {
    let gateway = live().await;
    let ticket = gateway.ticket("alice", MINUTE, HOUR);
    for (method, path) in [
        ("GET", "/v1/tasks"),
        ("POST", "/v1/tasks"),
        ("POST", "/mcp"),
        ("POST", "/v1/live"),
        ("POST", "/v1/live/tickets"),
        ("GET", "/v1/live/tickets"),
        ("GET", "/nowhere"),
    ] {
        let in_url = send(gateway.open(method, &format!("{path}?ticket={ticket}"))).await;
        assert_eq!(in_url.reason(), "TOKEN_MISSING", "{method} {path}");
        let as_token = send(gateway.open(method, path).bearer_auth(&ticket)).await;
        assert_eq!(as_token.reason(), "TOKEN_INVALID", "{method} {path}");
    }
    let both = gateway.request("GET", &format!("/v1/live?ticket={ticket}"));
    let both = send(both).await;
    assert_eq!(both.status, 400);
    assert_eq!(
        both.violations(),
        ["ticket: must not be given together with a token; use one of them"]
    );
    assert!(gateway.services.calls().is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn ticket_is_asked_for_without_saying_anything() {
    let gateway = live().await;
    let path = "/v1/live/tickets";
    assert_eq!(gateway.post(path, json!({})).await.status, 200);
    let refused = gateway.post(path, json!({"user": "bob"})).await;
    assert_eq!(
        refused.violations(),
        ["user: is not a known field; leave it out"]
    );
    let refused = gateway.post(&format!("{path}?user=bob"), json!({})).await;
    let expected = ["user: is not a known query parameter; leave it out"];
    assert_eq!(refused.violations(), expected);
    let refused = gateway.get(path).await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("allow")),
        (405, "POST, OPTIONS")
    );
    let refused = send(gateway.open("POST", path)).await;
    assert_eq!(refused.reason(), "TOKEN_MISSING");
    gateway.stop().await;
}

fn now() -> i64 {
    use std::time::{SystemTime, UNIX_EPOCH};
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}
