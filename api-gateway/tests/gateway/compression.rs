//! What is compressed, what is not, and how clients keep documents.

use std::io::Read;

use flate2::read::GzDecoder;
use futures::{StreamExt, stream};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use crate::support::gateway::TestGateway;

const DOCUMENTS: [&str; 4] = ["/", "/docs", "/openapi.json", "/favicon.ico"];

async fn gzip(request: RequestBuilder) -> Response {
    let request = request.header("accept-encoding", "br, gzip");
    request.send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

async fn decoded(response: Response) -> Vec<u8> {
    assert_eq!(header(&response, "content-encoding"), "gzip");
    let body = response.bytes().await.unwrap();
    let mut decoded = Vec::new();
    GzDecoder::new(&*body).read_to_end(&mut decoded).unwrap();
    decoded
}

/// Starts a gateway that lists so many tasks.
async fn listing(count: usize) -> TestGateway {
    let gateway = TestGateway::start().await;
    gateway.services.on("ListTasks", move |_| {
        Ok(json!({"tasks": vec![json!({"title": "Water the plants"}); count]}))
    });
    gateway
}

#[tokio::test]
async fn documents_are_compressed_and_keep_their_content() {
    let gateway = TestGateway::start().await;
    for path in DOCUMENTS {
        let plain = gateway.open("GET", path).send().await.unwrap();
        assert_eq!(header(&plain, "content-encoding"), "");
        assert!(header(&plain, "vary").contains("accept-encoding"), "{path}");
        let plain = plain.bytes().await.unwrap();
        let compressed = gzip(gateway.open("GET", path)).await;
        if header(&compressed, "content-encoding").is_empty() {
            assert_eq!(
                path, "/favicon.ico",
                "only a picture may be compressed already"
            );
            continue;
        }
        let length = compressed.content_length().unwrap();
        assert!(
            length < plain.len() as u64 / 2,
            "{path}: {length} of {}",
            plain.len()
        );
        assert_eq!(decoded(compressed).await, plain, "{path}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn known_document_is_not_sent_again() {
    let gateway = TestGateway::start().await;
    for path in DOCUMENTS {
        let plain = gateway.open("GET", path).send().await.unwrap();
        let compressed = gzip(gateway.open("GET", path)).await;
        assert!(
            header(&plain, "cache-control").starts_with("public, "),
            "{path}"
        );
        let etags = [header(&plain, "etag"), header(&compressed, "etag")];
        if header(&compressed, "content-encoding") == "gzip" {
            assert_ne!(etags[0], etags[1], "a strong etag names the bytes");
        }
        for etag in etags {
            assert!(etag.starts_with('"') && etag.len() > 10, "{etag}");
            for known in [etag.to_owned(), format!("\"x\", W/{etag}"), "*".to_owned()] {
                let request = gateway.open("GET", path).header("if-none-match", known);
                let again = gzip(request).await;
                assert_eq!(again.status(), 304, "{path}");
                assert_eq!(header(&again, "etag"), etags[1]);
                assert!(header(&again, "vary").contains("accept-encoding"));
                assert_eq!(again.bytes().await.unwrap().len(), 0);
            }
        }
        let other = gateway.open("GET", path).header("if-none-match", "\"x\"");
        assert_eq!(other.send().await.unwrap().status(), 200);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn larger_answers_are_compressed_and_smaller_ones_are_not() {
    let large = listing(50).await;
    let answer = gzip(large.request("GET", "/v1/tasks")).await;
    assert!(header(&answer, "vary").contains("accept-encoding"));
    let answer: Value = serde_json::from_slice(&decoded(answer).await).unwrap();
    assert_eq!(answer["tasks"].as_array().unwrap().len(), 50);
    let tools = large
        .request("POST", "/mcp")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2025-11-25")
        .json(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}));
    let tools: Value = serde_json::from_slice(&decoded(gzip(tools).await).await).unwrap();
    assert!(tools["result"]["tools"].is_array());
    // Nothing that is offered is acceptable: the request is carried out, so it is answered.
    let nothing = large.request("GET", "/v1/tasks");
    let nothing = nothing.header("accept-encoding", "br, identity;q=0, *;q=0");
    assert_eq!(nothing.send().await.unwrap().status(), 200);
    large.stop().await;

    let small = listing(1).await;
    let answer = gzip(small.request("GET", "/v1/tasks")).await;
    assert_eq!(header(&answer, "content-encoding"), "");
    small.stop().await;
}

#[tokio::test]
async fn answer_with_an_etag_keeps_its_bytes() {
    let gateway = TestGateway::start().await;
    gateway.services.on("GetTask", |_| {
        Ok(json!({"title": "x".repeat(5_000), "etag": "7"}))
    });
    let path = "/v1/tasks/0198c0de-0000-7000-8000-000000000001";
    let answer = gzip(gateway.request("GET", path)).await;
    assert_eq!(header(&answer, "etag"), "\"7\"");
    assert_eq!(header(&answer, "content-encoding"), "");
    gateway.stop().await;
}

#[tokio::test]
async fn streams_are_not_compressed_and_not_held_back() {
    let gateway = TestGateway::start_library(&[]).await;
    gateway.services.on_stream("WatchBooks", |_| {
        let book = Ok(json!({"book": {"name": "x".repeat(5_000)}}));
        stream::iter([book]).chain(stream::pending()).boxed()
    });
    for accept in ["application/x-ndjson", "text/event-stream"] {
        let request = gateway.request("GET", "/v1/books:watch");
        let mut answer = gzip(request.header("accept", accept)).await;
        assert_eq!(header(&answer, "content-encoding"), "", "{accept}");
        // The first message comes although the stream goes on.
        let mut read = 0;
        while read < 5_000 {
            read += answer.chunk().await.unwrap().unwrap().len();
        }
    }
}
