//! What clients of the Model Context Protocol do differently from each other: headers, parameters, the name they give themselves.

use prost::Message;
use serde_json::{Value, json};
use taskmesh_proto::common::v1::Origin;

use crate::{
    mcp::{LEGACY, STATELESS, TASK, call, error, post, rpc},
    support::gateway::{Answer, TestGateway, send},
};

/// Sends a request of the revision 2025-11-25 with these headers.
async fn sent(
    gateway: &TestGateway,
    headers: &[(&str, &str)],
    method: &str,
    params: Value,
) -> Answer {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let request = gateway
        .request("POST", "/mcp")
        .header("content-type", "application/json")
        .body(message.to_string());
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    send(request).await
}

#[tokio::test]
async fn json_is_answered_to_whoever_takes_it() {
    let gateway = TestGateway::start().await;
    for accept in [
        "",
        "*/*",
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/*;q=0.8",
        "text/html, */*;q=0.1",
        "application/json, text/event-stream",
    ] {
        let answer = sent(&gateway, &[("accept", accept)], "ping", json!({})).await;
        assert_eq!(answer.status, 200, "{accept}: {}", answer.text);
        let content_type = answer.header("content-type");
        assert_eq!(content_type, "application/json", "{accept}");
    }
    for accept in ["text/html", "application/json;q=0", "text/event-stream"] {
        let answer = sent(&gateway, &[("accept", accept)], "ping", json!({})).await;
        assert_eq!(answer.status, 406, "{accept}: {}", answer.text);
        assert!(
            answer.text.contains("application/json, which"),
            "{}",
            answer.text
        );
        answer.reason();
    }
}

#[tokio::test]
async fn page_of_the_gateway_itself_is_not_foreign() {
    let gateway = TestGateway::start().await;
    for (origin, status) in [
        ("https://tasks.example.com", 200),
        ("https://tasks.example.com:8443", 403),
        ("http://tasks.example.com", 403),
        ("null", 403),
    ] {
        let answer = sent(&gateway, &[("origin", origin)], "ping", json!({})).await;
        assert_eq!(answer.status, status, "{origin}: {}", answer.text);
    }
}

#[tokio::test]
async fn wrong_params_are_named() {
    let gateway = TestGateway::start().await;
    for (method, params, words) in [
        ("tools/call", json!({}), "params.name is missing"),
        (
            "tools/call",
            json!({"arguments": {}}),
            "params.name is missing",
        ),
        (
            "tools/call",
            json!({"name": null}),
            "params.name must be a string",
        ),
        (
            "tools/call",
            json!({"name": 5}),
            "params.name must be a string",
        ),
        ("tools/call", json!({"name": ""}), "tool  does not exist"),
        ("tools/call", json!(null), "params must be an object"),
        (
            "tools/call",
            json!({"name": "get_context", "arguments": []}),
            "params.arguments must be an object",
        ),
        (
            "tools/call",
            json!({"name": "get_context", "arguments": "{}"}),
            "params.arguments must be an object",
        ),
        (
            "tools/call",
            json!({"name": "get_context", "arguments": 5}),
            "params.arguments must be an object",
        ),
        ("initialize", json!({}), "params is wrong: missing field "),
        (
            "initialize",
            json!({"protocolVersion": LEGACY, "capabilities": {}}),
            "params is wrong: missing field `clientInfo`",
        ),
    ] {
        let answer = sent(
            &gateway,
            &[("mcp-protocol-version", LEGACY)],
            method,
            params.clone(),
        )
        .await;
        assert_eq!(answer.status, 200, "{method} {params}: {}", answer.text);
        let fault = &answer.json()["error"];
        assert_eq!(fault["code"], -32602, "{method} {params}: {fault}");
        let message = fault["message"].as_str().unwrap();
        assert!(message.starts_with(words), "{method} {params}: {message}");
    }
    let unknown = sent(
        &gateway,
        &[("mcp-protocol-version", LEGACY)],
        "tools/cal",
        json!({}),
    )
    .await;
    assert_eq!(unknown.json()["error"]["code"], -32601);
    for params in [json!([]), json!("get_context"), json!(5)] {
        let answer = sent(
            &gateway,
            &[("mcp-protocol-version", LEGACY)],
            "tools/call",
            params,
        )
        .await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        assert!(
            answer.text.contains("whose params are an object"),
            "{}",
            answer.text
        );
    }
    assert!(gateway.services.calls().is_empty());
}

#[tokio::test]
async fn wrong_params_are_named_in_stateless_revision() {
    let gateway = TestGateway::start().await;
    for (params, words) in [
        (json!({"arguments": {}}), "params.name is missing"),
        (
            json!({"name": "get_context", "arguments": []}),
            "params.arguments must be an object",
        ),
    ] {
        let answer = send(post(&gateway, STATELESS, "tools/call", params.clone())).await;
        let fault = &answer.json()["error"];
        assert_eq!(fault["code"], -32602, "{params}: {}", answer.text);
        assert!(
            fault["message"].as_str().unwrap().starts_with(words),
            "{params}: {fault}"
        );
    }
}

#[tokio::test]
async fn empty_list_is_answered_as_list() {
    let gateway = TestGateway::start().await;
    gateway.services.on("ListTasks", |_| Ok(json!({})));
    let result = call(&gateway, "list_tasks", json!({})).await;
    assert_eq!(result["content"][0]["text"], r#"{"tasks":[]}"#);
    assert_eq!(result["structuredContent"], json!({"tasks": []}));
}

#[tokio::test]
async fn empty_value_in_update_is_refused_with_hint() {
    let gateway = TestGateway::start().await;
    for (argument, value) in [
        ("due_time", json!("")),
        ("tags", json!([])),
        ("category", json!("")),
    ] {
        let mut arguments = json!({"task_id": TASK, "title": "Call Ann"});
        arguments[argument] = value;
        let fault = error(&call(&gateway, "update_task", arguments).await);
        let fields = json!([{
            "field": argument,
            "description": format!(r#"is empty; to clear it, give clear: ["{argument}"], to keep it leave it out"#),
        }]);
        assert_eq!(fault["fields"], fields);
    }
    let fault = error(&call(&gateway, "update_task", json!({"task_id": TASK})).await).to_string();
    assert!(
        fault.contains("give one of title") && !fault.contains("update_mask"),
        "{fault}"
    );
    for call in gateway.services.calls() {
        assert_eq!(call.message["validate_only"], true, "{call:?}");
    }
}

/// Returns where the gateway says the last call came from.
fn origin(gateway: &TestGateway) -> Origin {
    let metadata = gateway.services.last().metadata;
    let bytes = metadata.get_bin("taskmesh-origin-bin").unwrap().to_bytes();
    Origin::decode(bytes.unwrap()).unwrap()
}

#[tokio::test]
async fn name_that_client_gives_itself_reaches_the_services() {
    let gateway = TestGateway::start().await;
    gateway.services.on("GetContext", |_| Ok(json!({})));
    let params = json!({"name": "get_context"});
    rpc(&gateway, STATELESS, "tools/call", params.clone()).await;
    assert_eq!(origin(&gateway).client_id, "mcp:test/1");
    assert!(origin(&gateway).user_agent.starts_with("test/1"));

    // A client of the revision before says it once; its session id says it from then on.
    let headers = [("mcp-protocol-version", LEGACY), ("user-agent", "agent/7")];
    let client = json!({"name": "Chat\0 App", "version": "2\n"});
    let initialize = json!({"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": client});
    let initialized = sent(&gateway, &headers, "initialize", initialize).await;
    let session = initialized.header("mcp-session-id").to_owned();
    assert!(
        session.bytes().all(|byte| byte.is_ascii_graphic()),
        "{session}"
    );
    let within = [headers[0], headers[1], ("mcp-session-id", session.as_str())];
    sent(&gateway, &within, "tools/call", params.clone()).await;
    assert_eq!(origin(&gateway).client_id, "mcp:Chat App/2");
    assert_eq!(origin(&gateway).user_agent, "Chat App/2 agent/7");

    // Sessions are not remembered: any other id, and none, is answered too.
    for session in ["x", "x.%%%", ""] {
        let within = [headers[0], headers[1], ("mcp-session-id", session)];
        let answer = sent(&gateway, &within, "tools/call", params.clone()).await;
        assert_eq!(answer.json()["result"]["isError"], false, "{}", answer.text);
        assert_eq!(
            (&*origin(&gateway).client_id, &*origin(&gateway).user_agent),
            ("", "agent/7")
        );
    }
}
