//! RPCs that answer with a stream, before fake services.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt, stream};
use serde_json::{Value, json};
use service_runtime::testing::eventually;
use tonic::Status;

use crate::support::gateway::{TestGateway, send};

fn book(name: &str) -> Result<Value, Status> {
    Ok(json!({"book": {"name": name}}))
}

async fn library(more: &[(&str, &str)]) -> TestGateway {
    let gateway = TestGateway::start_library(more).await;
    gateway.services.on_stream("WatchBooks", |_| {
        stream::iter([book("Emma"), book("Persuasion")]).boxed()
    });
    gateway
}

/// Tells when it is dropped, as a stream is whose call was cancelled.
struct Guard(Arc<AtomicBool>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_stream_is_one_json_value_a_line() {
    let gateway = library(&[]).await;
    let answer = gateway.get("/v1/books:watch?page_size=2").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    assert_eq!(answer.header("cache-control"), "no-store");
    let lines: Vec<Value> = answer
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<&Value> = lines.iter().map(|line| &line["book"]["name"]).collect();
    assert_eq!(names, ["Emma", "Persuasion"]);
    assert!(answer.text.ends_with('\n'));
    assert_eq!(gateway.services.last().message, json!({"page_size": 2}));
}

#[tokio::test]
async fn response_body_applies_to_every_stream_message() {
    let gateway = library(&[]).await;
    let answer = gateway.get("/v1/books:watchBare").await;
    let first: Value = serde_json::from_str(answer.text.lines().next().unwrap()).unwrap();
    assert_eq!(first["name"], "Emma");
}

#[tokio::test]
async fn a_browser_gets_server_sent_events() {
    let gateway = library(&[]).await;
    let request = gateway
        .request("GET", "/v1/books:watchBare")
        .header("accept", "text/event-stream");
    let answer = send(request).await;
    assert_eq!(answer.header("content-type"), "text/event-stream");
    let events: Vec<&str> = answer.text.split_terminator("\n\n").collect();
    assert_eq!(events.len(), 2);
    for event in events {
        let data = event.strip_prefix("data: ").unwrap();
        assert!(serde_json::from_str::<Value>(data).unwrap()["name"].is_string());
    }
}

#[tokio::test]
async fn broken_stream_ends_with_error_line_or_event() {
    let gateway = library(&[]).await;
    gateway.services.on_stream("WatchBooks", |_| {
        let broken = Err(Status::internal("password of 10.0.0.7"));
        stream::iter([book("Emma"), broken]).boxed()
    });
    let answer = gateway.get("/v1/books:watch").await;
    assert_eq!(answer.status, 200);
    let last: Value = serde_json::from_str(answer.text.lines().last().unwrap()).unwrap();
    assert_eq!(last["error"]["status"], "INTERNAL");
    let info = &last["error"]["details"][0];
    assert_eq!(info["domain"], "taskmesh");
    let trace = info["metadata"]["trace_id"].as_str().unwrap();
    assert!(answer.header("traceparent").contains(trace));
    assert!(!answer.text.contains("10.0.0.7"));

    let request = gateway
        .request("GET", "/v1/books:watch")
        .header("accept", "text/event-stream");
    let answer = send(request).await;
    let last = answer.text.split_terminator("\n\n").last().unwrap();
    let data = last.strip_prefix("event: error\ndata: ").unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(data).unwrap()["error"]["code"],
        13
    );
}

#[tokio::test]
async fn stream_that_does_not_begin_is_plain_error() {
    let gateway = TestGateway::start_library(&[]).await;
    let answer = gateway.get("/v1/books:watch").await;
    assert_eq!(answer.status, 501);
    assert_eq!(answer.reason(), "UNIMPLEMENTED");
    let answer = gateway.get("/v1/books:watch?page=1").await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn a_stream_ends_with_its_deadline() {
    let gateway = library(&[("REQUESTS__MAX_STREAM_MS", "200")]).await;
    gateway.services.on_stream("WatchBooks", |_| {
        stream::iter([book("Emma")])
            .chain(stream::pending())
            .boxed()
    });
    for timeout in ["1H", "100m"] {
        let request = gateway
            .request("GET", "/v1/books:watch")
            .header("grpc-timeout", timeout);
        let answer = send(request).await;
        let last: Value = serde_json::from_str(answer.text.lines().last().unwrap()).unwrap();
        assert_eq!(last["error"]["status"], "DEADLINE_EXCEEDED");
        assert_eq!(answer.text.lines().count(), 2);
    }
}

#[tokio::test]
async fn a_stream_ends_when_the_gateway_stops() {
    let gateway = library(&[]).await;
    gateway.services.on_stream("WatchBooks", |_| {
        stream::iter([book("Emma")])
            .chain(stream::pending())
            .boxed()
    });
    let request = gateway.request("GET", "/v1/books:watch");
    let mut response = request.send().await.unwrap();
    response.chunk().await.unwrap().unwrap();
    gateway.stopping.cancel();
    let last = response.chunk().await.unwrap().unwrap();
    let last: Value = serde_json::from_slice(&last).unwrap();
    assert_eq!(last["error"]["status"], "UNAVAILABLE");
    assert!(response.chunk().await.unwrap().is_none());
}

#[tokio::test]
async fn a_call_is_cancelled_when_its_client_goes_away() {
    let gateway = library(&[]).await;
    let dropped = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&dropped);
    gateway.services.on_stream("WatchBooks", move |_| {
        let guard = Guard(Arc::clone(&told));
        let silent = stream::pending().map(move |item| {
            let _held = &guard;
            item
        });
        stream::iter([book("Emma")]).chain(silent).boxed()
    });
    let request = gateway.request("GET", "/v1/books:watch");
    let mut response = request.send().await.unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    assert!(!dropped.load(Ordering::SeqCst));
    drop(response);
    eventually("the service sees that nobody reads", async || {
        dropped.load(Ordering::SeqCst).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_a_client_does_not_read_is_not_produced() {
    let gateway = library(&[]).await;
    let produced = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&produced);
    let total = 300;
    gateway.services.on_stream("WatchBooks", move |_| {
        let counted = Arc::clone(&counted);
        let books = stream::iter(0..total).map(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            book(&"x".repeat(64 * 1024))
        });
        books.boxed()
    });
    let request = gateway.request("GET", "/v1/books:watch");
    let mut response = request.send().await.unwrap();
    response.chunk().await.unwrap().unwrap();
    // Buffers on the way fill; then nothing moves any more.
    let mut before = usize::MAX;
    while produced.load(Ordering::SeqCst) != before {
        before = produced.load(Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert!(before < total / 2, "{before} of {total} were produced");
    let mut read = 0;
    while let Some(chunk) = response.chunk().await.unwrap() {
        read += chunk.len();
    }
    assert_eq!(produced.load(Ordering::SeqCst), total);
    assert!(read > (total - 100) * 64 * 1024);
}
