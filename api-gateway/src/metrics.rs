//! The metrics of the gateway, named once (OpenTelemetry conventions).

use std::time::Duration;

use http::Method;
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

/// HTTP responses sent, by method and status.
pub const REQUESTS: &str = "http_server_requests_total";
/// Duration of HTTP requests, by method and status.
pub const DURATION: &str = "http_server_request_duration_seconds";
/// MCP tool calls, by tool and outcome.
pub const TOOL_CALLS: &str = "mcp_server_tool_calls_total";

/// Open WebSockets.
pub const SOCKETS: &str = "websocket_server_connections";
/// Closed WebSockets, by close code.
pub const SOCKETS_CLOSED: &str = "websocket_server_connections_closed_total";

/// Registers help and units of the metrics.
pub fn describe() {
    describe_counter!(
        REQUESTS,
        "HTTP responses sent, by http_request_method and http_response_status_code"
    );
    describe_histogram!(DURATION, Unit::Seconds, "Duration of HTTP requests");
    describe_gauge!(SOCKETS, "Open WebSockets");
    describe_counter!(
        SOCKETS_CLOSED,
        "Closed WebSockets, by close code; 0 if the client disconnected without one"
    );
    describe_counter!(
        TOOL_CALLS,
        "MCP tool calls, by tool and error_type, which is empty on success"
    );
}

/// Counts an answer.
pub fn request_answered(method: &Method, status: u16, duration: Duration) {
    let labels = [
        ("http_request_method", known(method).to_owned()),
        ("http_response_status_code", status.to_string()),
    ];
    counter!(REQUESTS, &labels).increment(1);
    histogram!(DURATION, &labels).record(duration);
}

/// Counts a call of a tool; `error` is the reason of its error, empty for success.
pub fn tool_called(tool: &str, error: &str) {
    let labels = [("tool", tool.to_owned()), ("error_type", error.to_owned())];
    counter!(TOOL_CALLS, &labels).increment(1);
}

/// Counts an open WebSocket until it is dropped.
pub struct SocketOpen(());

impl SocketOpen {
    /// Counts another one.
    pub fn count() -> Self {
        gauge!(SOCKETS).increment(1);
        Self(())
    }
}

impl Drop for SocketOpen {
    fn drop(&mut self) {
        gauge!(SOCKETS).decrement(1);
    }
}

/// Counts a WebSocket that was closed with this code; 0 if there was nobody to close it for.
pub fn socket_closed(code: u16) {
    counter!(SOCKETS_CLOSED, "code" => code.to_string()).increment(1);
}

/// Clients may invent methods, but not time series.
fn known(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::OPTIONS => method.as_str(),
        _ => "_OTHER",
    }
}
