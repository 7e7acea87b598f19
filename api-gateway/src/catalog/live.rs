use http::Method;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor};

use super::Binding;

/// Fields that resume a live stream.
#[derive(Debug, Clone)]
pub struct Live {
    /// Field of the request with the resume token.
    pub resume_from: FieldDescriptor,
    /// Field of each message with the resume token.
    pub resume_at: FieldDescriptor,
}

/// Finds the fields that the option of a live stream names. The error says what is wrong.
pub(super) fn live(
    method: &MethodDescriptor,
    bindings: &[Binding],
    resume_field: &str,
) -> Result<Live, String> {
    if !method.is_server_streaming() {
        return Err("is live, so it must answer with a stream".to_owned());
    }
    if bindings.iter().any(|binding| binding.method != Method::GET) {
        return Err("is live, so its routes must be GET, as a WebSocket asks".to_owned());
    }
    Ok(Live {
        resume_from: text_field(&method.input(), resume_field)?,
        resume_at: text_field(&method.output(), resume_field)?,
    })
}

fn text_field(message: &MessageDescriptor, name: &str) -> Result<FieldDescriptor, String> {
    let field = message.get_field_by_name(name);
    let field = field.filter(|field| field.kind() == Kind::String && !field.is_list());
    field.ok_or_else(|| {
        let message = message.full_name();
        format!("is live, and its resume_field \"{name}\" is no string field of {message}")
    })
}
