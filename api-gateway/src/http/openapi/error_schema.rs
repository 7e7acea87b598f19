use serde_json::{Value, json};

/// Returns the schema of an error: `google.rpc.Status`.
pub(super) fn error_schema() -> Value {
    json!({
        "type": "object",
        "description": "Why a request failed (google.rpc.Status).",
        "required": ["code", "status", "message", "details"],
        "properties": {
            "code": {"type": "integer", "description": "The number of the gRPC code, such as 5."},
            "status": {"type": "string", "description": "The name of the gRPC code, such as NOT_FOUND."},
            "message": {"type": "string", "description": "What is wrong, for people."},
            "details": {
                "type": "array",
                "description": "What is wrong, for programs.",
                "items": {
                    "type": "object",
                    "required": ["@type"],
                    "properties": {
                        "@type": {"type": "string", "description": "The type of this detail, such as type.googleapis.com/google.rpc.ErrorInfo."},
                        "reason": {"type": "string", "description": "In an ErrorInfo: the constant that programs tell this error by, such as TASK_NOT_FOUND."},
                        "domain": {"type": "string", "description": "In an ErrorInfo: whose reason it is; always taskmesh."},
                        "metadata": {"type": "object", "additionalProperties": {"type": "string"}, "description": "In an ErrorInfo: more about it, such as an id."},
                        "field_violations": {
                            "type": "array",
                            "description": "In a BadRequest: the wrong fields.",
                            "items": {
                                "type": "object",
                                "required": ["field", "description"],
                                "properties": {
                                    "field": {"type": "string", "description": "The path of the field, such as reminders[0].at_time."},
                                    "description": {"type": "string", "description": "What is wrong with it and how to mend it."},
                                },
                            },
                        },
                        "retry_delay": {"type": "string", "description": "In a RetryInfo: when another try makes sense, such as 1s."},
                    },
                },
            },
        },
    })
}
