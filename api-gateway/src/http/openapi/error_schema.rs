use serde_json::{Value, json};

/// Returns the schema of an error: `google.rpc.Status`.
pub(super) fn error_schema() -> Value {
    json!({
        "type": "object",
        "description": "Error of a request (google.rpc.Status).",
        "required": ["code", "status", "message", "details"],
        "properties": {
            "code": {"type": "integer", "description": "Number of the gRPC status code, such as 5."},
            "status": {"type": "string", "description": "Name of the gRPC status code, such as NOT_FOUND."},
            "message": {"type": "string", "description": "Human-readable description."},
            "details": {
                "type": "array",
                "description": "Machine-readable details.",
                "items": {
                    "type": "object",
                    "required": ["@type"],
                    "properties": {
                        "@type": {"type": "string", "description": "Type of this detail, such as type.googleapis.com/google.rpc.ErrorInfo."},
                        "reason": {"type": "string", "description": "In an ErrorInfo: constant that identifies the error, such as TASK_NOT_FOUND."},
                        "domain": {"type": "string", "description": "In an ErrorInfo: domain of the reason; always taskmesh."},
                        "metadata": {"type": "object", "additionalProperties": {"type": "string"}, "description": "In an ErrorInfo: additional values, such as an id."},
                        "field_violations": {
                            "type": "array",
                            "description": "In a BadRequest: the invalid fields.",
                            "items": {
                                "type": "object",
                                "required": ["field", "description"],
                                "properties": {
                                    "field": {"type": "string", "description": "Path of the field, such as reminders[0].at_time."},
                                    "description": {"type": "string", "description": "Description of the error and how to fix it."},
                                },
                            },
                        },
                        "retry_delay": {"type": "string", "description": "In a RetryInfo: minimum delay before a retry, such as 1s."},
                    },
                },
            },
        },
    })
}
