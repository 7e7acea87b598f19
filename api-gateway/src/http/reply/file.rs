use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderValue, header};
use prost_reflect::{DynamicMessage, Kind, MessageDescriptor, ReflectMessage};

use crate::catalog::{Binding, is_file};

/// The type of a file that does not say.
const UNKNOWN: &str = "application/octet-stream";

/// A file, or a part of one.
pub(super) struct FilePart {
    pub(super) content_type: String,
    pub(super) data: Bytes,
}

/// Tells whether a route answers with a file.
pub(in crate::http) fn answers_with_file(output: &MessageDescriptor, binding: &Binding) -> bool {
    match &binding.response_body {
        None => is_file(output),
        Some(field) => {
            !field.is_list() && matches!(field.kind(), Kind::Message(inner) if is_file(&inner))
        }
    }
}

/// Tells whether this answer is a file.
pub(super) fn carries_file(message: &DynamicMessage, binding: &Binding) -> bool {
    answers_with_file(&message.descriptor(), binding)
}

/// Takes the file out of an answer.
pub(super) fn file(message: &DynamicMessage, binding: &Binding) -> FilePart {
    let value = binding
        .response_body
        .as_ref()
        .map(|field| message.get_field(field));
    let inner = value.as_ref().and_then(|value| value.as_message());
    let body = inner.unwrap_or(message);
    let content_type = body.get_field_by_name("content_type");
    let data = body.get_field_by_name("data");
    FilePart {
        content_type: content_type
            .and_then(|text| text.as_str().map(str::to_owned))
            .unwrap_or_default(),
        data: data
            .and_then(|data| data.as_bytes().cloned())
            .unwrap_or_default(),
    }
}

impl FilePart {
    /// Answers with a body of this file's type. Nobody may take it for another type, because what is in it may come from
    /// anybody.
    pub(super) fn response(&self, body: Body) -> Response {
        let content_type = HeaderValue::from_str(&self.content_type)
            .ok()
            .filter(|value| !value.is_empty());
        let mut response = body.into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            content_type.unwrap_or(HeaderValue::from_static(UNKNOWN)),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        response
    }
}
