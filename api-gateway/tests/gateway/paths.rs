//! Paths however they are written, and the methods that they have.

use serde_json::json;

use crate::{
    http_calls::gateway,
    support::gateway::{TestGateway, send},
};

const TASK: &str = "0198c0de-0000-7000-8000-000000000001";

#[tokio::test]
async fn encoded_path_leads_to_the_same_route() {
    let gateway = gateway().await;
    gateway.services.on("SearchTasks", |_| Ok(json!({})));
    let encoded_id = TASK.replace('-', "%2D").replace('c', "%63");
    for (method, path, rpc) in [
        ("POST", format!("/v1/tasks/{TASK}:complete"), "CompleteTask"),
        (
            "POST",
            format!("/v1/tasks/{TASK}%3Acomplete"),
            "CompleteTask",
        ),
        (
            "POST",
            format!("/v1/tasks/{TASK}%3acomplete"),
            "CompleteTask",
        ),
        (
            "POST",
            format!("/v1/t%61sks/{encoded_id}%3Ac%6Fmplete"),
            "CompleteTask",
        ),
        (
            "GET",
            "/v1/tasks%3Asearch?query=x".to_owned(),
            "SearchTasks",
        ),
        ("GET", format!("/%76%31/tasks/{encoded_id}"), "GetTask"),
        ("DELETE", format!("/v1/tasks/{encoded_id}"), "DeleteTask"),
    ] {
        let answer = send(gateway.request(method, &path)).await;
        assert_eq!(answer.status, 200, "{path} {}", answer.text);
        let call = gateway.services.last();
        assert_eq!(call.rpc, rpc, "{path}");
        if rpc != "SearchTasks" {
            assert_eq!(call.message["task_id"], TASK, "{path}");
        }
    }
    for path in [
        "/openapi%2Ejson",
        "/d%6Fcs",
        "/%2Ewell-known/oauth-protected-resource",
    ] {
        assert_eq!(send(gateway.open("GET", path)).await.status, 200, "{path}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn encoded_slash_stays_in_its_segment() {
    let gateway = TestGateway::start_library(&[]).await;
    gateway.services.on("GetBook", |_| Ok(json!({"book": {}})));
    gateway.services.on("UpdateShelf", |_| Ok(json!({})));
    let answer = gateway.get("/v1/shelves/a%2Fb/books/c%20d%3Ae").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    // A value of several segments keeps its encoded slashes, one of a single segment does not need them.
    let name = "shelves/a%2Fb/books/c d:e";
    assert_eq!(gateway.services.last().message["name"], name);
    gateway
        .patch("/v1/shelves/a%2Fb%3Aread", json!({"title": "x"}))
        .await;
    assert_eq!(gateway.services.last().message["shelf_id"], "a/b:read");
}

#[tokio::test]
async fn path_that_is_no_text_is_refused() {
    let gateway = gateway().await;
    for path in [
        "/v1/tasks/%zz",
        "/v1/tasks/%",
        "/v1/tasks/%4",
        "/v1/tasks/%FF",
        "/%C3%28",
    ] {
        let answer = gateway.get(path).await;
        assert_eq!(answer.status, 400, "{path}");
        assert_eq!(answer.reason(), "INVALID_PATH", "{path}");
    }
    assert!(gateway.services.calls().is_empty());
    assert_eq!(gateway.get("/v1/tasks/%C3%A9").await.status, 200);
    gateway.stop().await;
}

#[tokio::test]
async fn slash_at_the_end_is_another_path() {
    let gateway = gateway().await;
    // Whoever forgets an id does not get the list instead.
    for (path, nearest) in [
        ("/v1/tasks/", "GET /v1/tasks"),
        ("/v1//tasks", "GET /v1/tasks"),
    ] {
        let answer = gateway.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(
            message.contains(&format!("did you mean {nearest}?")),
            "{message}"
        );
    }
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    let tools = gateway.request("POST", "/mcp/").json(&ping);
    let tools = send(tools.header("accept", "application/json, text/event-stream")).await;
    assert_eq!(tools.json()["result"], json!({}));
    let client = reqwest::Client::builder();
    let client = client
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let docs = client
        .get(format!("{}/docs/", gateway.url))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (docs.status().as_u16(), &docs.headers()["location"]),
        (308, &"/docs".parse().unwrap())
    );
    gateway.stop().await;
}

#[tokio::test]
async fn other_methods_are_refused_and_options_names_the_right_ones() {
    let gateway = gateway().await;
    let task = format!("/v1/tasks/{TASK}");
    for (path, allowed) in [
        ("/v1/tasks".to_owned(), "POST, GET, HEAD, OPTIONS"),
        (task.clone(), "PATCH, DELETE, GET, HEAD, OPTIONS"),
        (format!("{task}:complete"), "POST, OPTIONS"),
        (format!("{task}/history"), "GET, HEAD, OPTIONS"),
    ] {
        for method in ["PUT", "TRACE", "BREW"] {
            let answer = send(gateway.request(method, &path)).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            let named = answer.header("allow").split(", ").collect::<Vec<_>>();
            let mut expected = allowed.split(", ").collect::<Vec<_>>();
            expected.retain(|method| !named.contains(method));
            assert!(expected.is_empty(), "{path}: {named:?}");
        }
        let options = send(gateway.open("OPTIONS", &path)).await;
        assert_eq!(options.status, 200);
        for method in allowed.split(", ") {
            assert!(options.header("allow").contains(method), "{path} {method}");
        }
    }
    let refused = send(gateway.request("GET", &format!("{task}%3Acomplete"))).await;
    assert_ne!(refused.status, 405, "an id may have a colon in it");
    let head = send(gateway.request("HEAD", &task)).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    assert_eq!(head.header("etag"), "\"7\"");
    gateway.stop().await;
}
