//! The tools over the Model Context Protocol, in both revisions, before fake services.

use std::collections::HashMap;

use crate::{
    http_calls::refusal,
    support::gateway::{Answer, TestGateway, send},
};
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

pub const STATELESS: &str = "2026-07-28";
pub const LEGACY: &str = "2025-11-25";
pub const TASK: &str = "0198c0de-0000-7000-8000-000000000001";

pub fn post(
    gateway: &TestGateway,
    revision: &str,
    method: &str,
    mut params: Value,
) -> reqwest::RequestBuilder {
    let mut request = gateway
        .request("POST", "/mcp")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", revision);
    if revision == STATELESS {
        request = request.header("mcp-method", method);
        if let Some(name) = params["name"].as_str() {
            request = request.header("mcp-name", name);
        }
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": revision,
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        });
    }
    request.json(&json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
}

pub async fn rpc(gateway: &TestGateway, revision: &str, method: &str, params: Value) -> Value {
    let answer = send(post(gateway, revision, method, params)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/json");
    answer.json()
}

pub async fn call(gateway: &TestGateway, tool: &str, arguments: Value) -> Value {
    let params = json!({"name": tool, "arguments": arguments});
    let results = [
        rpc(gateway, STATELESS, "tools/call", params.clone()).await["result"].clone(),
        rpc(gateway, LEGACY, "tools/call", params).await["result"].clone(),
    ];
    assert_eq!(results[0]["content"], results[1]["content"]);
    let [result, _] = results;
    result
}

/// Returns the error that a tool answered with.
pub fn error(result: &Value) -> Value {
    assert_eq!(result["isError"], true, "{result}");
    assert!(result.get("structuredContent").is_none());
    serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap()
}

async fn tools(gateway: &TestGateway, revision: &str) -> Vec<Value> {
    let answer = rpc(gateway, revision, "tools/list", json!({})).await;
    answer["result"]["tools"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_stateless_client_discovers_the_server() {
    let gateway = TestGateway::start().await;
    let answer = rpc(&gateway, STATELESS, "server/discover", json!({})).await;
    let versions = answer["result"]["supportedVersions"].as_array().unwrap();
    assert!(
        versions.contains(&json!(STATELESS)) && versions.contains(&json!(LEGACY)),
        "{answer}"
    );
    assert!(answer["result"]["capabilities"]["tools"].is_object());
}

#[tokio::test]
async fn legacy_client_initializes_without_session() {
    let gateway = TestGateway::start().await;
    let params = json!({"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}});
    let answer = send(post(&gateway, LEGACY, "initialize", params)).await;
    assert_eq!(answer.json()["result"]["protocolVersion"], LEGACY);
    assert_eq!(answer.json()["result"]["serverInfo"]["name"], "taskmesh");
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let request = gateway
        .request("POST", "/mcp")
        .header("accept", "application/json, text/event-stream");
    assert_eq!(send(request.json(&notification)).await.status, 202);
}

#[tokio::test]
async fn both_revisions_list_the_same_tools() {
    let gateway = TestGateway::start().await;
    let tools = tools(&gateway, STATELESS).await;
    assert_eq!(tools, self::tools(&gateway, LEGACY).await);
    insta::assert_json_snapshot!(tools);
}

#[tokio::test]
async fn tool_result_fits_schema_and_is_repeated_as_text() {
    let gateway = TestGateway::start().await;
    gateway.services.on("CreateTask", |request| {
        Ok(json!({"id": TASK, "title": request["title"], "priority": request["priority"], "state": "TASK_STATE_OPEN",
                  "due_time": "2026-12-01T08:00:00Z", "reminders": [{"minutes_before_due": 30}], "etag": "1"}))
    });
    let arguments = json!({"title": "Call Bob", "priority": "high", "due_time": "2026-12-01T09:00:00+01:00",
                           "description": "", "recurrence_rule": null, "reminders": [{"minutes_before_due": 30}]});
    let result = call(&gateway, "add_task", arguments).await;
    assert_eq!(result["isError"], false);
    let structured = &result["structuredContent"];
    assert_eq!(
        *structured,
        json!({"id": TASK, "title": "Call Bob", "priority": "high", "state": "open",
        "due_time": "2026-12-01T08:00:00Z", "reminders": [{"minutes_before_due": 30}], "etag": "1",
        "tags": [], "depends_on": [], "blocked_by": []})
    );
    let text: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(text, *structured);
    let tools = tools(&gateway, STATELESS).await;
    let schema = &tools
        .iter()
        .find(|tool| tool["name"] == "add_task")
        .unwrap()["outputSchema"];
    assert!(jsonschema::is_valid(schema, structured));
    let expected = json!({"title": "Call Bob", "priority": "PRIORITY_HIGH", "due_time": "2026-12-01T08:00:00Z",
                          "reminders": [{"minutes_before_due": 30}]});
    assert_eq!(gateway.services.last().message, expected);
}

#[tokio::test]
async fn update_sets_given_fields_and_clears_named_ones() {
    let gateway = TestGateway::start().await;
    gateway
        .services
        .on("UpdateTask", |_| Ok(json!({"id": TASK})));
    let arguments = json!({"task_id": TASK, "title": "Call Ann", "description": null, "clear": ["due_time"], "etag": "1"});
    call(&gateway, "update_task", arguments).await;
    let expected =
        json!({"task_id": TASK, "update_mask": "title,dueTime", "etag": "1", "title": "Call Ann"});
    assert_eq!(gateway.services.last().message, expected);
}

#[tokio::test]
async fn an_unknown_argument_is_an_error_that_a_model_can_act_on() {
    let gateway = TestGateway::start().await;
    let result = call(
        &gateway,
        "add_task",
        json!({"title": "x", "due": "tomorrow", "priority": "very high"}),
    )
    .await;
    insta::assert_json_snapshot!(error(&result));
    let calls = gateway.services.calls();
    assert!(
        calls
            .iter()
            .all(|call| call.message["validate_only"] == true)
    );
}

#[tokio::test]
async fn an_error_says_what_helps_against_it() {
    let gateway = TestGateway::start().await;
    let refuse = |code: Code, reason: &str, metadata: &[(&str, &str)]| {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let metadata: HashMap<String, String> = metadata.iter().map(owned).collect();
        let details = ErrorDetails::with_error_info(reason, "taskmesh", metadata);
        let status = Status::with_error_details(code, "no", details);
        gateway.services.on("GetTask", move |_| Err(status.clone()));
    };
    let arguments = json!({"task_id": TASK});
    refuse(Code::AlreadyExists, "IDEMPOTENCY_CONFLICT", &[]);
    let fault = error(&call_once(&gateway, "get_task", arguments.clone()).await);
    assert_eq!(
        fault["next"],
        "Call again with a new UUID as the request_id."
    );
    refuse(Code::Unavailable, "DATABASE_UNAVAILABLE", &[]);
    let fault = error(&call_once(&gateway, "get_task", arguments.clone()).await);
    assert_eq!(
        fault["next"],
        "Wait 1 s, then try again with the same arguments."
    );
    refuse(Code::Aborted, "STALE_ETAG", &[("etag", "8"), ("code", "x")]);
    let fault = error(&call_once(&gateway, "get_task", arguments).await);
    assert_eq!(
        (&fault["etag"], &fault["code"]),
        (&json!("8"), &json!("ABORTED"))
    );
}

#[tokio::test]
async fn an_argument_of_another_tool_is_answered_with_its_name() {
    let gateway = TestGateway::start().await;
    let arguments =
        json!({"task_id": TASK, "recurrence_rule": "FREQ=DAILY", "validate_only": true});
    let fields = error(&call(&gateway, "update_task", arguments).await)["fields"].clone();
    assert_eq!(
        fields[0]["description"],
        "is not accepted by this tool; use set_recurrence"
    );
    let unknown = fields[1]["description"].as_str().unwrap();
    assert!(unknown.starts_with("is not a known field"), "{unknown}");
}

#[tokio::test]
async fn an_agent_is_told_where_to_begin_in_both_revisions() {
    let gateway = TestGateway::start().await;
    let discovered = rpc(&gateway, STATELESS, "server/discover", json!({})).await;
    let params = json!({"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}});
    let initialized = rpc(&gateway, LEGACY, "initialize", params).await;
    for answer in [discovered, initialized] {
        let words = answer["result"]["instructions"].as_str().unwrap();
        assert!(words.starts_with("Call get_context first"), "{answer}");
        assert!(words.len() < 1_000, "{} letters", words.len());
    }
}

#[tokio::test]
async fn what_a_service_refuses_is_a_result_and_says_what_to_do_next() {
    let gateway = TestGateway::start().await;
    gateway.services.on("CompleteTask", |_| {
        Err(refusal(Code::Aborted, "STALE_ETAG", "the task has changed"))
    });
    let result = call(
        &gateway,
        "complete_task",
        json!({"task_id": TASK, "etag": "1"}),
    )
    .await;
    insta::assert_json_snapshot!(error(&result));
    gateway
        .services
        .on("GetTask", |_| Err(Status::internal("at 10.0.0.7")));
    let fault = error(&call_once(&gateway, "get_task", json!({"task_id": TASK})).await);
    assert_eq!(
        (&fault["message"], &fault["code"]),
        (&json!("internal error"), &json!("INTERNAL"))
    );
    assert!(fault["trace_id"].is_string(), "{fault}");
}

async fn call_once(gateway: &TestGateway, tool: &str, arguments: Value) -> Value {
    let params = json!({"name": tool, "arguments": arguments});
    rpc(gateway, STATELESS, "tools/call", params).await["result"].clone()
}

#[tokio::test]
async fn an_unknown_tool_is_refused_with_a_suggestion() {
    let gateway = TestGateway::start().await;
    let params = json!({"name": "ad_task", "arguments": {}});
    let answer = rpc(&gateway, LEGACY, "tools/call", params).await;
    assert_eq!(answer["error"]["code"], -32602);
    assert_eq!(
        answer["error"]["message"],
        "tool ad_task does not exist; did you mean add_task?"
    );
}

#[tokio::test]
async fn the_trace_of_the_request_reaches_the_service() {
    let gateway = TestGateway::start().await;
    gateway.services.on("GetTask", |_| Ok(json!({"id": TASK})));
    let params = json!({"name": "get_task", "arguments": {"task_id": TASK}});
    let request = post(&gateway, STATELESS, "tools/call", params).header(
        "traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    );
    send(request).await;
    let traceparent = gateway
        .services
        .last()
        .metadata
        .get("traceparent")
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    assert!(traceparent.starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
}

#[tokio::test]
async fn the_transport_refuses_in_the_shape_of_every_error() {
    let gateway =
        TestGateway::start_with(&[("MCP__ALLOWED_ORIGINS", "https://chat.example.com")]).await;
    let ping = |origin: &'static str| {
        let request = post(&gateway, LEGACY, "tools/list", json!({}));
        send(if origin.is_empty() {
            request
        } else {
            request.header("origin", origin)
        })
    };
    assert_eq!(ping("https://chat.example.com").await.status, 200);
    let refused = |answer: &Answer, status: u16| {
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        answer.reason();
    };
    refused(&ping("https://evil.example.com").await, 403);
    let get = send(
        gateway
            .request("GET", "/mcp")
            .header("accept", "text/event-stream"),
    )
    .await;
    refused(&get, 405);
    assert_eq!(get.header("allow"), "POST");
    refused(&send(gateway.request("DELETE", "/mcp")).await, 405);
    let json = |body: String| {
        let request = gateway
            .request("POST", "/mcp")
            .header("content-type", "application/json");
        send(
            request
                .header("accept", "application/json, text/event-stream")
                .body(body),
        )
    };
    refused(&json("[".repeat(10_000)).await, 400);
    refused(&json("{}".to_owned()).await, 400);
    refused(&send(gateway.request("POST", "/mcp").body("{}")).await, 415);
    refused(
        &json(format!("\"{}\"", "x".repeat(2 * 1024 * 1024))).await,
        413,
    );
    let host = post(&gateway, LEGACY, "tools/list", json!({})).header("host", "evil.example.com");
    refused(&send(host).await, 403);
}
