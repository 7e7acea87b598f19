use serde_json::{Value, json};

use crate::catalog::Rpc;

const DESCRIPTION: &str = "Returns a ticket for the URL of the live stream, as the query parameter `ticket`: a browser's EventSource and WebSocket \
    cannot set headers. It opens a stream of the caller until expire_time, and nothing else. After that it only resumes a stream, by \
    the header Last-Event-ID that an EventSource sends by itself, until the caller's token has expired.";
const LAST_EVENT_ID: &str = "The id of the last event that the client has seen, to go on behind it; the same as resume_token, which it replaces. \
    An EventSource sends it by itself.";

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
                "description": "Done.",
                "content": {"application/json": {"schema": {
                    "type": "object",
                    "required": ["ticket", "expire_time"],
                    "properties": {
                        "ticket": {"type": "string", "description": "The ticket."},
                        "expire_time": {
                            "type": "string",
                            "format": "date-time",
                            "description": "Until when it opens a stream: one minute, or until the token expires.",
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
        "description": "A ticket, for clients that cannot set headers; for live streams only.",
    })
}
