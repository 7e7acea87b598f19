//! Parameters that do not fit their method. The protocol library takes such a request for one with a method of its own, and
//! would deny that the method exists.

use rmcp::{
    ErrorData,
    model::{CustomRequest, ErrorCode, InitializeRequestParams},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Returns the error for a request whose method is unknown, or whose parameters do not fit it.
pub(super) fn refusal(request: &CustomRequest) -> ErrorData {
    let params = request.params.as_ref().unwrap_or(&Value::Null);
    let fault = match request.method.as_str() {
        "tools/call" => Some(tool_call(params)),
        "initialize" => Some(fault::<InitializeRequestParams>(params)),
        _ => None,
    };
    match fault {
        Some(fault) => ErrorData::invalid_params(fault, None),
        None => ErrorData::new(ErrorCode::METHOD_NOT_FOUND, request.method.clone(), None),
    }
}

fn tool_call(params: &Value) -> String {
    let Some(params) = params.as_object() else {
        return "params must be an object with the name of a tool and its arguments, such as \
                {\"name\": \"get_context\", \"arguments\": {}}"
            .to_owned();
    };
    match (params.get("name"), params.get("arguments")) {
        (None, _) => "params.name is missing; give the name of a tool, as tools/list has it".to_owned(),
        (Some(name), _) if !name.is_string() => {
            "params.name must be a string: the name of a tool, as tools/list has it".to_owned()
        }
        (_, Some(arguments)) if !arguments.is_object() => {
            "params.arguments must be an object, in {}, with the tool's arguments by name; leave it out if there are none"
                .to_owned()
        }
        _ => fault::<rmcp::model::CallToolRequestParams>(&Value::Object(params.clone())),
    }
}

/// Returns what keeps a value from being the parameters of a method.
fn fault<T: DeserializeOwned>(params: &Value) -> String {
    match serde_json::from_value::<T>(params.clone()) {
        Err(error) => format!("params is wrong: {error}"),
        Ok(_) => "params is wrong".to_owned(),
    }
}
