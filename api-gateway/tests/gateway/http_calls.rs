//! The gateway over HTTP, before fake services.

use std::{collections::HashMap, time::Duration};

use crate::support::gateway::{TestGateway, send};
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

const TASK: &str = "0198c0de-0000-7000-8000-000000000001";

pub fn refusal(code: Code, reason: &str, message: &str) -> Status {
    let details =
        ErrorDetails::with_error_info(reason, "taskmesh", HashMap::<String, String>::new());
    Status::with_error_details(code, message, details)
}

/// A gateway whose task-service answers every write with the task as it was asked for.
pub async fn gateway() -> TestGateway {
    let gateway = TestGateway::start().await;
    for rpc in [
        "CreateTask",
        "GetTask",
        "CompleteTask",
        "DeleteTask",
        "UpdateTask",
    ] {
        gateway.services.on(rpc, |request| {
            let title = request
                .get("title")
                .cloned()
                .unwrap_or("Water the plants".into());
            Ok(
                json!({"id": TASK, "title": title, "state": "TASK_STATE_OPEN", "etag": "7",
                      "create_time": "2026-01-01T00:00:00Z", "due_time": request.get("due_time")}),
            )
        });
    }
    gateway
}

#[tokio::test]
async fn a_task_is_created_from_json_and_answered_as_json() {
    let gateway = gateway().await;
    let answer = gateway
        .post("/v1/tasks", json!({
            "title": "Call Bob", "priority": "PRIORITY_HIGH", "due_time": "2026-12-01T09:00:00+01:00",
            "time_zone": "Europe/Berlin", "reminders": [{"minutes_before_due": 30}, {"at_time": "2026-12-01T07:00:00Z"}]
        }))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    insta::assert_json_snapshot!(answer.json());
    assert_eq!(answer.header("etag"), "\"7\"");
    assert_eq!(answer.header("content-type"), "application/json");
    let call = gateway.services.last();
    assert_eq!(
        call.message,
        json!({
            "title": "Call Bob", "priority": "PRIORITY_HIGH", "due_time": "2026-12-01T08:00:00Z", "time_zone": "Europe/Berlin",
            "reminders": [{"minutes_before_due": 30}, {"at_time": "2026-12-01T07:00:00Z"}]
        })
    );
    gateway.stop().await;
}

#[tokio::test]
async fn path_query_and_verb_reach_the_right_rpc() {
    let gateway = gateway().await;
    gateway.services.on("ListTasks", |_| Ok(json!({})));
    assert_eq!(
        gateway
            .get("/v1/tasks?page_size=2&showCompleted=true")
            .await
            .json(),
        json!({"tasks": [], "next_page_token": ""})
    );
    assert_eq!(
        gateway.services.last().message,
        json!({"page_size": 2, "show_completed": true})
    );
    gateway.get(&format!("/v1/tasks/{TASK}")).await;
    assert_eq!(gateway.services.last().message, json!({"task_id": TASK}));
    send(gateway.request("POST", &format!("/v1/tasks/{TASK}:complete"))).await;
    assert_eq!(gateway.services.last().rpc, "CompleteTask");
    send(gateway.request("DELETE", &format!("/v1/tasks/{TASK}?etag=7"))).await;
    assert_eq!(
        gateway.services.last().message,
        json!({"task_id": TASK, "etag": "7"})
    );
}

#[tokio::test]
async fn a_patch_touches_only_what_it_mentions() {
    let gateway = gateway().await;
    let path = format!("/v1/tasks/{TASK}");
    let body = json!({"title": "Call Ann", "due_time": null, "muted": false, "etag": "6"});
    assert_eq!(gateway.patch(&path, body).await.status, 200);
    let expected = json!({"task_id": TASK, "update_mask": "title,dueTime,muted", "etag": "6", "title": "Call Ann"});
    assert_eq!(gateway.services.last().message, expected);

    let request = gateway
        .request("PATCH", &path)
        .header("if-match", "\"6\"")
        .json(&json!({"title": "x"}));
    send(request).await;
    assert_eq!(gateway.services.last().message["etag"], "6");
}

#[tokio::test]
async fn what_a_service_answers_keeps_its_words() {
    let gateway = TestGateway::start().await;
    let path = format!("/v1/tasks/{TASK}");
    gateway.services.on("GetTask", |_| {
        Err(refusal(Code::NotFound, "TASK_NOT_FOUND", "no such task"))
    });
    let answer = gateway.get(&path).await;
    assert_eq!(
        (answer.status.as_u16(), answer.reason().as_str()),
        (404, "TASK_NOT_FOUND")
    );
    assert_eq!(answer.json()["message"], "no such task");

    gateway.services.on("UpdateTask", |_| {
        let now = HashMap::from([("etag".to_owned(), "2".to_owned())]);
        let details = ErrorDetails::with_error_info("STALE_ETAG", "taskmesh", now);
        let message = "the task has changed";
        Err(Status::with_error_details(Code::Aborted, message, details))
    });
    let answer = gateway
        .patch(&path, json!({"title": "x", "etag": "1"}))
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("etag")),
        (412, "\"2\"")
    );

    gateway.services.on("CreateTask", |_| {
        let mut details = ErrorDetails::with_error_info(
            "INVALID_FIELD",
            "taskmesh",
            HashMap::<String, String>::new(),
        );
        details.add_bad_request_violation("title", "must have 1 to 500 characters");
        Err(Status::with_error_details(
            Code::InvalidArgument,
            "invalid request",
            details,
        ))
    });
    let answer = gateway.post("/v1/tasks", json!({"title": ""})).await;
    assert_eq!(
        (answer.status.as_u16(), answer.violations()),
        (400, vec!["title: must have 1 to 500 characters".to_owned()])
    );
}

#[tokio::test]
async fn the_users_token_ends_at_the_door() {
    let gateway = gateway().await;
    let token = gateway.token("alice");
    send(
        gateway
            .open("GET", &format!("/v1/tasks/{TASK}"))
            .bearer_auth(&token),
    )
    .await;
    let call = gateway.services.last();
    let sent = call
        .metadata
        .get("authorization")
        .unwrap()
        .to_str()
        .unwrap();
    assert!(!sent.contains(&token));
    let claims = claims(sent.split('.').nth(1).unwrap());
    assert_eq!(
        (claims["sub"].as_str(), claims["act"]["sub"].as_str()),
        (Some("alice"), Some("api-gateway"))
    );
}

fn claims(part: &str) -> Value {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn the_trace_and_the_deadline_are_passed_on() {
    let gateway = gateway().await;
    let request = gateway
        .request("GET", &format!("/v1/tasks/{TASK}"))
        .header(
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )
        .header("grpc-timeout", "20S");
    let answer = send(request).await;
    assert!(
        answer
            .header("traceparent")
            .starts_with("00-0af7651916cd43dd8448eb211c80319c-")
    );
    let call = gateway.services.last();
    let passed = |name: &str| {
        call.metadata
            .get(name)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    assert!(passed("traceparent").starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
    assert!(timeout(&passed("grpc-timeout")) > Duration::from_secs(15));

    send(
        gateway
            .request("GET", &format!("/v1/tasks/{TASK}"))
            .header("grpc-timeout", "1H"),
    )
    .await;
    let call = gateway.services.last();
    assert!(
        timeout(call.metadata.get("grpc-timeout").unwrap().to_str().unwrap())
            <= Duration::from_secs(30)
    );

    for wrong in ["soon", "0S"] {
        let request = gateway.request("GET", "/v1/tasks");
        let answer = send(request.header("grpc-timeout", wrong)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.reason().as_str()),
            (400, "INVALID_HEADER")
        );
    }
}

fn timeout(text: &str) -> Duration {
    let (digits, unit) = text.split_at(text.len() - 1);
    let count: u64 = digits.parse().unwrap();
    match unit {
        "n" => Duration::from_nanos(count),
        "u" => Duration::from_micros(count),
        "m" => Duration::from_millis(count),
        _ => Duration::from_secs(count),
    }
}

#[tokio::test]
async fn the_open_documents_need_no_token() {
    let gateway = gateway().await;
    assert_eq!(send(gateway.open("GET", "/healthz")).await.status, 200);
    let openapi = send(gateway.open("GET", "/openapi.json")).await.json();
    assert_eq!(openapi["openapi"], "3.1.0");
    for (path, resource) in [
        ("", "https://tasks.example.com"),
        ("/mcp", "https://tasks.example.com/mcp"),
    ] {
        let path = format!("/.well-known/oauth-protected-resource{path}");
        let metadata = send(gateway.open("GET", &path)).await.json();
        assert_eq!(metadata["resource"], resource);
        assert_eq!(
            metadata["authorization_servers"],
            json!(["https://login.example.com"])
        );
    }
    let wrong = send(gateway.open("POST", "/openapi.json")).await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.reason().as_str()),
        (405, "METHOD_NOT_ALLOWED")
    );
}

#[tokio::test]
async fn page_of_allowed_origin_may_call_and_read_errors() {
    let gateway =
        TestGateway::start_with(&[("CORS_ALLOWED_ORIGINS", "https://app.example.com")]).await;
    let preflight = |origin| {
        let request = gateway
            .open("OPTIONS", "/v1/tasks")
            .header("origin", origin);
        send(
            request
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "authorization"),
        )
    };
    let answer = preflight("https://app.example.com").await;
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "https://app.example.com"
    );
    assert_eq!(
        preflight("https://evil.example.com")
            .await
            .header("access-control-allow-origin"),
        ""
    );
    let refused = send(
        gateway
            .open("GET", "/v1/tasks")
            .header("origin", "https://app.example.com"),
    )
    .await;
    assert_eq!(
        refused.header("access-control-allow-origin"),
        "https://app.example.com"
    );
}
