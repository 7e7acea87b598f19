//! Which web pages may call, by JSON, over a WebSocket and by MCP: one kind of list guards all three.

use api_gateway::web_origin::LOOPBACK;
use futures::{StreamExt, stream};
use serde_json::json;

use crate::support::{
    gateway::{TestGateway, send},
    raw_socket::{HANDSHAKE, RawSocket},
};

const OWN: &str = "https://tasks.example.com";

/// Returns whether a page of this origin may read answers, open a socket and call a tool.
async fn may(gateway: &TestGateway, origin: &str) -> [bool; 3] {
    let read = gateway.open("GET", "/v1/tasks").header("origin", origin);
    let read = send(read).await;
    let read = [origin, "*"].contains(&read.header("access-control-allow-origin"));

    let bearer = format!("Bearer {}", gateway.token("alice"));
    let mut headers = HANDSHAKE.to_vec();
    headers.extend([("Authorization", bearer.as_str()), ("Origin", origin)]);
    let status = RawSocket::ask(gateway, "/v1/live", &headers).await.status;
    assert!([101, 403].contains(&status), "{status}");

    let tool = gateway
        .request("POST", "/mcp")
        .header("origin", origin)
        .header("accept", "application/json, text/event-stream")
        .json(&json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}));
    let tool = send(tool).await;
    if tool.status == 403 {
        assert_eq!(tool.reason(), "ORIGIN_NOT_ALLOWED");
    }
    [read, status == 101, tool.status != 403]
}

async fn gateway(origins: &str) -> TestGateway {
    let settings = [
        ("CORS_ALLOWED_ORIGINS", origins),
        ("MCP__ALLOWED_ORIGINS", origins),
    ];
    let gateway = TestGateway::start_with(&settings).await;
    gateway
        .services
        .on_stream("Watch", |_| stream::pending().boxed());
    gateway
}

#[tokio::test]
async fn list_guards_json_sockets_and_tools() {
    let cases: [(&str, &[(&str, bool)]); 4] = [
        (
            "",
            &[
                ("https://app.example.com", false),
                ("http://localhost:3000", false),
                (OWN, true),
            ],
        ),
        (
            "https://app.example.com",
            &[
                ("https://app.example.com", true),
                ("https://app.example.com:8443", false),
                ("http://app.example.com", false),
                ("null", false),
                (OWN, true),
            ],
        ),
        ("*", &[("https://anything.example.com", true)]),
        (
            LOOPBACK,
            &[
                ("http://localhost:5173", true),
                ("http://127.0.0.1:3000", true),
                ("http://[::1]:3000", true),
                ("https://app.example.com", false),
            ],
        ),
    ];
    for (list, origins) in cases {
        let gateway = gateway(list).await;
        for &(origin, expected) in origins {
            let may = may(&gateway, origin).await;
            assert_eq!(may, [expected; 3], "{list} {origin}");
        }
        gateway.stop().await;
    }
}

#[tokio::test]
async fn socket_is_refused_before_the_upgrade() {
    let gateway = gateway("https://app.example.com").await;
    let mut headers = HANDSHAKE.to_vec();
    assert_eq!(
        RawSocket::ask(&gateway, "/v1/live", &headers).await.status,
        101
    );
    headers.push(("Origin", "https://evil.example.com"));
    let refused = RawSocket::ask(&gateway, "/v1/live", &headers).await;
    assert_eq!(refused.status, 403);
    headers.push(("Origin", "https://app.example.com"));
    let refused = RawSocket::ask(&gateway, "/v1/live", &headers).await;
    assert_eq!(refused.status, 403, "two origins are none");
    assert!(gateway.services.calls().is_empty());
    gateway.stop().await;
}
