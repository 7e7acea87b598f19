use serde_json::{Value, json};

use crate::catalog::Rpc;

const DESCRIPTION: &str = "Returns a ticket for the URL of the live stream, as the query parameter `ticket`, because a browser's EventSource and \
    WebSocket cannot set headers. Until expire_time it opens a stream of the caller, and nothing else. After that it only resumes a \
    stream with the header Last-Event-ID, which an EventSource sends automatically, until the caller's token expires.";
const LAST_EVENT_ID: &str = "Id of the last received event, after which the stream continues; the same as resume_token, which it replaces. \
    An EventSource sends it automatically.";

/// Writes the operation that issues tickets for a live stream.
pub(super) fn ticket_operation(rpc: &Rpc) -> Value {
    let service = rpc.method.parent_service();
    json!({
        "operationId": format!("{}_{}Ticket", service.name(), rpc.method.name()),
        "tags": [service.name()],
        "summary": "Returns a ticket for the URL of the live stream",
        "description": DESCRIPTION,
        "parameters": [],
        "responses": {
            "200": {
                "description": "Success.",
                "content": {"application/json": {"schema": {
                    "type": "object",
                    "required": ["ticket", "expire_time"],
                    "properties": {
                        "ticket": {"type": "string", "description": "The ticket."},
                        "expire_time": {
                            "type": "string",
                            "format": "date-time",
                            "description": "Time until which the ticket opens a stream: in one minute, or when the token expires.",
                        },
                    },
                }}},
            },
            "default": {"$ref": "#/components/responses/Error"},
        },
    })
}

/// Adds to the operation of a live stream how a browser opens and resumes it.
pub(super) fn describe_live(operation: &mut Value) {
    operation["security"] = json!([{"bearer": []}, {"ticket": []}]);
    if let Some(parameters) = operation["parameters"].as_array_mut() {
        parameters.push(json!({
            "name": "Last-Event-ID", "in": "header", "schema": {"type": "string"},
            "description": LAST_EVENT_ID,
        }));
    }
}

/// Returns the security scheme of tickets.
pub(super) fn ticket_scheme() -> Value {
    json!({
        "type": "apiKey", "in": "query", "name": crate::tickets::PARAMETER,
        "description": "Ticket for clients that cannot set headers; valid only for live streams.",
    })
}
