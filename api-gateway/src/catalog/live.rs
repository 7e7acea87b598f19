use http::Method;
use prost_reflect::MethodDescriptor;

use super::{Binding, Kind, MessagePlan, Plans};

/// Numbers of the fields that resume a live stream.
#[derive(Debug, Clone)]
pub struct Live {
    /// Field of the request with the resume token.
    pub resume_from: u32,
    /// Field of each message with the resume token.
    pub resume_at: u32,
}

/// Finds the fields that the option of a live stream names. The error says what is wrong.
pub(super) fn live(
    method: &MethodDescriptor,
    plans: &Plans,
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
        resume_from: text_field(&plans[plans.id(&method.input())], resume_field)?,
        resume_at: text_field(&plans[plans.id(&method.output())], resume_field)?,
    })
}

fn text_field(message: &MessagePlan, name: &str) -> Result<u32, String> {
    let field = message.field(name);
    let field = field.filter(|field| field.kind == Kind::String && !field.is_list);
    field.map(|field| field.number).ok_or_else(|| {
        let message = &message.full_name;
        format!("is live, and its resume_field \"{name}\" is no string field of {message}")
    })
}
