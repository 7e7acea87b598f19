//! Files, which travel as they are: `google.api.HttpBody` in requests and answers.

use base64::{Engine, engine::general_purpose::STANDARD};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tonic::Status;

use crate::support::gateway::{Answer, TestGateway, send};

const UUID: &str = "0198c0de-0000-7000-8000-000000000001";

fn part(content_type: &str, data: &[u8]) -> Value {
    json!({"content_type": content_type, "data": STANDARD.encode(data)})
}

async fn scan(gateway: &TestGateway, query: &str, content_type: &str, body: &str) -> Answer {
    let mut request = gateway.request("POST", &format!("/v1/books/7/pages:scan{query}"));
    if !content_type.is_empty() {
        request = request.header("content-type", content_type);
    }
    send(request.body(body.to_owned())).await
}

#[tokio::test]
async fn file_body_fills_field_and_query_fills_rest() {
    let gateway = TestGateway::start_library(&[]).await;
    gateway.services.on("ScanPage", |_| Ok(json!({"size": 3})));
    for content_type in ["text/csv; charset=utf-8", "application/json", ""] {
        let query = format!("?number=3&request_id={UUID}");
        let answer = scan(&gateway, &query, content_type, "{a").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let mut expected =
            json!({"isbn": "7", "number": 3, "request_id": UUID, "page": {"data": "e2E="}});
        if !content_type.is_empty() {
            expected["page"]["content_type"] = content_type.into();
        }
        assert_eq!(gateway.services.last().message, expected);
    }
}

#[tokio::test]
async fn missing_large_or_compressed_file_is_refused() {
    let gateway = TestGateway::start_library(&[("REQUESTS__MAX_FILE_BYTES", "10")]).await;
    let answer = scan(&gateway, "", "text/csv", "").await;
    assert_eq!(answer.violations(), ["page: is required: The page."]);
    let answer = scan(&gateway, "?page=x&size=1", "text/csv", "a").await;
    assert_eq!(
        answer.violations(),
        [
            "page: is the body of the request, not in the query",
            "size: is not a known query parameter; known are number, request_id",
        ]
    );
    let answer = scan(&gateway, "", "text/csv", "12345678901").await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.reason(), "BODY_TOO_LARGE");
    let request = gateway
        .request("POST", "/v1/books/7/pages:scan")
        .header("content-encoding", "gzip");
    let answer = send(request.body("x")).await;
    assert_eq!(answer.status, 415);
    assert_eq!(answer.reason(), "UNSUPPORTED_ENCODING");
    assert!(gateway.services.calls().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_a_file_comes_as_it_is() {
    let gateway = TestGateway::start_library(&[]).await;
    gateway.services.on("ReadBook", |_| {
        Ok(part("text/plain; charset=utf-8", b"It is a truth"))
    });
    let answer = gateway.get("/v1/books/7:read").await;
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.text, "It is a truth");

    gateway
        .services
        .on("ScanPage", |_| Ok(json!({"page": part("", b"a\nb")})));
    let request = gateway.request("POST", "/v1/books/7/pages:copy");
    let answer = send(request.body("a\nb")).await;
    assert_eq!(answer.header("content-type"), "application/octet-stream");
    assert_eq!(answer.text, "a\nb");
}

#[tokio::test]
async fn streamed_file_has_type_of_first_part() {
    let gateway = TestGateway::start_library(&[]).await;
    gateway.services.on_stream("ReadShelf", |_| {
        let parts = [
            part("text/csv", b"id\r\n"),
            part("", b"1\r\n"),
            part("", b"2\r\n"),
        ];
        stream::iter(parts.map(Ok)).boxed()
    });
    let answer = gateway.get("/v1/shelves/1/2/3:read").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/csv");
    assert_eq!(answer.text, "id\r\n1\r\n2\r\n");
    assert_eq!(
        gateway.services.last().message,
        json!({"name": "shelves/1/2/3"})
    );
}

#[tokio::test]
async fn file_that_fails_before_first_part_is_error() {
    let gateway = TestGateway::start_library(&[]).await;
    gateway.services.on_stream("ReadShelf", |_| {
        stream::iter([Err(Status::not_found("no shelf"))]).boxed()
    });
    let answer = gateway.get("/v1/shelves/1:read").await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.json()["status"], "NOT_FOUND");
}

#[tokio::test]
async fn nobody_takes_a_part_of_a_file_for_the_whole() {
    let gateway = TestGateway::start_library(&[]).await;
    gateway.services.on_stream("ReadShelf", |_| {
        let broken = Err(Status::internal("disk"));
        stream::iter([Ok(part("text/csv", b"id\r\n")), broken]).boxed()
    });
    let request = gateway.request("GET", "/v1/shelves/1:read");
    let whole = async { request.send().await?.text().await };
    assert!(whole.await.is_err());
}

#[tokio::test]
async fn tasks_are_exported_and_imported_as_files() {
    let gateway = TestGateway::start().await;
    gateway.services.on_stream("ExportTasks", |request| {
        assert_eq!(
            *request,
            json!({"format": "EXPORT_FORMAT_CSV", "show_deleted": true})
        );
        stream::iter([Ok(part("text/csv", b"id,title\r\n"))]).boxed()
    });
    let answer = gateway
        .get("/v1/tasks:export?format=EXPORT_FORMAT_CSV&showDeleted=true")
        .await;
    assert_eq!(answer.text, "id,title\r\n");

    gateway
        .services
        .on("ImportTasks", |_| Ok(json!({"created_count": 1})));
    let request = gateway
        .request("POST", "/v1/tasks:import?validate_only=true")
        .header("content-type", "text/calendar")
        .header("idempotency-key", format!("\"{UUID}\""));
    let answer = send(request.body("BEGIN:VCALENDAR")).await;
    assert_eq!(answer.json()["created_count"], 1, "{}", answer.text);
    assert_eq!(
        gateway.services.last().message,
        json!({
            "file": part("text/calendar", b"BEGIN:VCALENDAR"),
            "request_id": UUID, "validate_only": true,
        })
    );
}
