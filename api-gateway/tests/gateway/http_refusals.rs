//! What the gateway refuses, and what it tells of what went wrong.

use std::collections::HashMap;

use serde_json::json;
use tonic::Status;
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::{
    http_calls::gateway,
    mcp,
    support::gateway::{Answer, TestGateway, config, send},
};

const TASK: &str = "0198c0de-0000-7000-8000-000000000001";

#[tokio::test]
async fn bad_input_names_every_field_and_changes_nothing() {
    let gateway = gateway().await;
    let answer = gateway
        .post(
            "/v1/tasks",
            json!({"titel": "x", "priority": "hihg", "due_time": "2026-12-01T09:00:00"}),
        )
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.reason().as_str()),
        (400, "INVALID_FIELD")
    );
    assert_eq!(
        answer.violations(),
        [
            "titel: is not a known field; did you mean title?",
            "priority: must be one of low, medium, high, urgent, or a full name such as PRIORITY_LOW; did you mean high?",
            "due_time: needs an offset: write 2026-12-01T09:00:00Z or 2026-12-01T09:00:00+01:00",
            "title: is required: Name of the task, 1 to 500 characters.",
        ]
    );
    assert_eq!(answer.json()["code"], 3);
    assert_eq!(answer.json()["status"], "INVALID_ARGUMENT");
    let calls = gateway.services.calls();
    assert!(
        calls
            .iter()
            .all(|call| call.message["validate_only"] == true)
    );
    let unknown = gateway.get("/v1/tasks?show_complete=true").await;
    assert_eq!(
        unknown.violations(),
        ["show_complete: is not a known query parameter; did you mean show_completed?"]
    );
    assert_eq!(gateway.services.calls().len(), calls.len());
}

#[tokio::test]
async fn faults_found_by_gateway_and_service_are_reported_at_once() {
    let gateway = TestGateway::start().await;
    let checked = |message: &serde_json::Value| {
        assert_eq!(message["validate_only"], true, "{message}");
        assert!(message["request_id"].is_null(), "{message}");
        let wrong = |field: &str| (field.to_owned(), "is wrong".to_owned());
        let violations = ["title", "recurrence_rule", "due_time", "update_mask"].map(wrong);
        let violations =
            violations.map(|(field, description)| FieldViolation::new(field, description));
        let none = HashMap::<String, String>::new();
        let mut details = ErrorDetails::with_error_info("INVALID_FIELD", "taskmesh", none);
        details.set_bad_request(violations);
        Err(Status::with_error_details(
            tonic::Code::InvalidArgument,
            "wrong",
            details,
        ))
    };
    gateway.services.on("CreateTask", checked);
    gateway.services.on("UpdateTask", checked);
    let body = json!({"tittle": "x", "recurrence_rule": "FREQ=HOURLY", "request_id": TASK});
    let expected = [
        "tittle: is not a known field; did you mean title?",
        "title: is required: Name of the task, 1 to 500 characters.",
        "recurrence_rule: is wrong",
        "due_time: is wrong",
    ];
    let answer = gateway.post("/v1/tasks", body.clone()).await;
    assert_eq!(answer.violations(), expected);
    let patch = gateway.request("PATCH", &format!("/v1/tasks/{TASK}"));
    let answer =
        send(patch.json(&json!({"due_time": "today", "recurrence_rule": "FREQ=HOURLY"}))).await;
    let fields: Vec<String> = answer
        .violations()
        .iter()
        .map(|violation| violation.split(':').next().unwrap().to_owned())
        .collect();
    assert_eq!(fields, ["due_time", "title", "recurrence_rule"]);
    let text = mcp::call(&gateway, "add_task", body).await.to_string();
    for field in ["tittle", "recurrence_rule", "due_time"] {
        assert!(text.contains(field), "{text}");
    }
}

#[tokio::test]
async fn short_words_of_enums_are_understood_in_bodies_and_queries() {
    let gateway = gateway().await;
    for (word, number) in [
        ("PRIORITY_HIGH", "PRIORITY_HIGH"),
        ("high", "PRIORITY_HIGH"),
        ("urgent", "PRIORITY_URGENT"),
    ] {
        let answer = gateway
            .post("/v1/tasks", json!({"title": "x", "priority": word}))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(gateway.services.last().message["priority"], number);
    }
    for word in [
        json!("unspecified"),
        json!("igh"),
        json!("foo_high"),
        json!("HIGHEST"),
        json!(""),
        json!(3),
    ] {
        let answer = gateway
            .post("/v1/tasks", json!({"title": "x", "priority": word}))
            .await;
        assert!(
            answer.violations()[0]
                .starts_with("priority: must be one of low, medium, high, urgent")
        );
    }
    let answer = gateway.get("/v1/tasks:export?format=xml").await;
    assert_eq!(
        answer.violations(),
        ["format: must be one of ndjson, csv, or a full name such as EXPORT_FORMAT_NDJSON"]
    );
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused() {
    let gateway = gateway().await;
    let post = |body: String| {
        send(
            gateway
                .request("POST", "/v1/tasks")
                .header("content-type", "application/json")
                .body(body),
        )
    };
    let cases = [
        (post("[".repeat(10_000)).await, 400, "INVALID_JSON"),
        (post(r#"{"a":"#.repeat(10_000)).await, 400, "INVALID_JSON"),
        (post("{\"title\": ".to_owned()).await, 400, "INVALID_JSON"),
        (
            post(r#"{"title": "a", "title": "b"}"#.to_owned()).await,
            400,
            "INVALID_JSON",
        ),
        (
            post(format!(r#"{{"title": "{}"}}"#, "x".repeat(2 * 1024 * 1024))).await,
            413,
            "BODY_TOO_LARGE",
        ),
        (
            send(gateway.request("POST", "/v1/tasks").body("title=x")).await,
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
    ];
    for (answer, status, reason) in cases {
        assert_eq!(
            (answer.status.as_u16(), answer.reason().as_str()),
            (status, reason),
            "{}",
            answer.text
        );
    }
    assert!(gateway.services.calls().is_empty());
    let readable = post(r#"{"title": "a"}"#.to_owned()).await;
    assert_eq!(readable.status, 200, "{}", readable.text);
}

#[tokio::test]
async fn unknown_path_names_nearest_route() {
    let gateway = gateway().await;
    let answer = gateway.get("/v1/task").await;
    assert_eq!(
        (answer.status.as_u16(), answer.reason().as_str()),
        (404, "ROUTE_NOT_FOUND")
    );
    assert_eq!(
        answer.json()["message"],
        "no such path: /v1/task; did you mean GET /v1/tasks?"
    );
    let answer = send(gateway.request("PUT", "/v1/tasks")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.reason().as_str()),
        (405, "METHOD_NOT_ALLOWED")
    );
    assert_eq!(answer.header("allow"), "POST, GET, HEAD, OPTIONS");
}

#[tokio::test]
async fn nothing_of_the_inside_is_told() {
    let gateway = TestGateway::start().await;
    gateway
        .services
        .on("GetTask", |_| Err(Status::internal("password of 10.0.0.7")));
    let answer = gateway.get(&format!("/v1/tasks/{TASK}")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["message"].as_str()),
        (500, Some("internal error"))
    );
    let trace = answer.json()["details"][0]["metadata"]["trace_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(answer.header("traceparent").contains(&trace));
    assert!(!answer.text.contains("10.0.0.7"));

    let away = TestGateway::start_with(&[("UPSTREAMS__TASK", "http://127.0.0.1:1")]).await;
    let answer = away.get("/v1/tasks").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("retry-after")),
        (503, "1")
    );
    assert!(!answer.text.contains("127.0.0.1"), "{}", answer.text);
}

#[tokio::test]
async fn invalid_token_is_401_with_resource_metadata() {
    let gateway = gateway().await;
    let refused = |answer: Answer, reason: &str, challenge: &str| {
        assert_eq!(
            (answer.status.as_u16(), answer.reason().as_str()),
            (401, reason),
            "{}",
            answer.text
        );
        assert_eq!(answer.header("www-authenticate"), challenge);
    };
    let metadata =
        "resource_metadata=\"https://tasks.example.com/.well-known/oauth-protected-resource";
    refused(
        send(gateway.open("GET", "/v1/tasks")).await,
        "TOKEN_MISSING",
        &format!("Bearer realm=\"taskmesh\", {metadata}\""),
    );
    refused(
        send(gateway.open("POST", "/mcp")).await,
        "TOKEN_MISSING",
        &format!("Bearer realm=\"taskmesh\", {metadata}/mcp\""),
    );
    let foreign = gateway
        .open("GET", "/v1/tasks")
        .bearer_auth(gateway.mesh_token("alice"));
    let answer = send(foreign).await;
    assert!(
        answer
            .header("www-authenticate")
            .contains("error=\"invalid_token\""),
        "{answer:?}"
    );
    assert_eq!(answer.reason(), "TOKEN_INVALID");
    let broken = send(gateway.open("GET", "/nowhere").bearer_auth("not.a.token")).await;
    assert_eq!(broken.reason(), "TOKEN_MALFORMED");
    assert!(gateway.services.calls().is_empty());
}

#[tokio::test]
async fn a_contract_without_its_services_fails_the_start() {
    let start = async |more: &[(&str, &str)]| {
        let config = config("http://127.0.0.1:1", more).unwrap();
        let started = service_runtime::start::<api_gateway::ApiGateway>(config).await;
        started.err().unwrap().to_string()
    };
    let missing = start(&[("UPSTREAMS__TASK", "")]).await;
    assert!(
        missing.starts_with("upstreams.task is missing; set the address of the service that serves taskmesh.task.v1.TaskService."),
        "{missing}"
    );
    let unknown = start(&[("UPSTREAMS__TAKS", "http://127.0.0.1:1")]).await;
    assert!(
        unknown.starts_with("upstreams.taks serves no RPC"),
        "{unknown}"
    );
    assert!(config("http://127.0.0.1:1", &[("HTPP__ADDRESS", "x")]).is_err());
    let origin = start(&[("CORS_ALLOWED_ORIGINS", "app.example.com")]).await;
    assert_eq!(
        origin,
        "cors_allowed_origins: app.example.com must be an origin, such as https://app.example.com"
    );
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_again() {
    let gateway = TestGateway::start_with(&[
        ("REQUESTS__RATE_PER_SECOND", "1"),
        ("REQUESTS__RATE_BURST", "3"),
    ])
    .await;
    gateway.services.on("ListTasks", |_| Ok(json!({})));
    for _ in 0..3 {
        assert_eq!(gateway.get("/v1/tasks").await.status, 200);
    }
    let answer = gateway.get("/v1/tasks").await;
    assert_eq!(
        (answer.status.as_u16(), answer.reason().as_str()),
        (429, "TOO_MANY_REQUESTS")
    );
    assert_eq!(answer.header("retry-after"), "1");
    let retry = &answer.json()["details"][1];
    assert_eq!(retry["@type"], "type.googleapis.com/google.rpc.RetryInfo");
    let tool = send(gateway.request("POST", "/mcp").body("{}")).await;
    assert_eq!(tool.status, 429);
    let bob = gateway
        .open("GET", "/v1/tasks")
        .bearer_auth(gateway.token("bob"));
    assert_eq!(send(bob).await.status, 200);
}

#[tokio::test]
async fn idempotency_key_is_uuid_and_agrees_with_body() {
    const UUID: &str = "0198c0de-0000-7000-8000-000000000001";
    let gateway = gateway().await;
    let post = |key: String, body| {
        let request = gateway.request("POST", "/v1/tasks");
        send(request.header("idempotency-key", key).json(&body))
    };
    let answer = post("order-7".to_owned(), json!({"title": "x"})).await;
    assert_eq!(
        (answer.status.as_u16(), answer.reason().as_str()),
        (400, "INVALID_HEADER")
    );
    let other = json!({"title": "x", "request_id": TASK.replace('1', "2")});
    let answer = post(UUID.to_owned(), other).await;
    assert_eq!(
        answer.violations(),
        ["request_id: differs from the header Idempotency-Key; give one of them"]
    );
    let calls = gateway.services.calls();
    assert!(
        calls
            .iter()
            .all(|call| call.message["validate_only"] == true)
    );
    let answer = post(format!("\"{UUID}\""), json!({"title": "x"})).await;
    assert_eq!(answer.status, 200);
    assert_eq!(gateway.services.last().message["request_id"], UUID);
}

#[tokio::test]
async fn field_that_cannot_be_read_is_not_checked_as_emptied() {
    let gateway = TestGateway::start().await;
    let body = json!({"title": "Call Ann", "due_time": "tomorrow"});
    let answer = gateway.patch(&format!("/v1/tasks/{TASK}"), body).await;
    assert_eq!(answer.status, 400);
    let checked = gateway.services.last().message;
    assert_eq!(checked["validate_only"], true, "{checked}");
    assert_eq!(checked["update_mask"], "title", "{checked}");
}

#[tokio::test]
async fn thousands_of_wrong_names_are_reported_as_twenty() {
    let gateway = gateway().await;
    let body: serde_json::Map<_, _> = (0..9_000).map(|n| (format!("tag{n}"), json!(n))).collect();
    let query: Vec<String> = (0..9_000).map(|n| format!("x{n}")).collect();
    let answer = gateway.post("/v1/tasks", body.into()).await;
    assert_eq!(answer.violations().len(), 20);
    let answer = gateway.get(&format!("/v1/tasks?{}", query.join("&"))).await;
    assert_eq!(answer.violations().len(), 20);
    let mask = json!({"update_mask": "a,".repeat(100_000) + "b"});
    let answer = gateway.patch(&format!("/v1/tasks/{TASK}"), mask).await;
    assert_eq!(answer.violations().len(), 20);
    let long = "show_deleted=true&".repeat(3_000);
    assert_eq!(gateway.get(&format!("/v1/tasks?{long}")).await.status, 400);
    let long = format!("/v1/task/{}", "x".repeat(50_000));
    assert_eq!(gateway.get(&long).await.status, 404);
}
