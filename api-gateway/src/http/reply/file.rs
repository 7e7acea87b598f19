use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderValue, header};
use prost_reflect::{DynamicMessage, MessageDescriptor};

use crate::catalog::{Binding, holds_file, is_file};

/// Content type of a file that has none.
const UNKNOWN: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// A file, or a part of one.
#[derive(Default)]
pub(super) struct FilePart {
    content_type: String,
    pub(super) data: Bytes,
}

/// Reports whether a route answers with a file.
pub(in crate::http) fn answers_with_file(output: &MessageDescriptor, binding: &Binding) -> bool {
    match &binding.response_body {
        None => is_file(output),
        Some(field) => holds_file(field),
    }
}

impl FilePart {
    /// Takes the file out of an answer.
    pub(super) fn of(message: &DynamicMessage, binding: &Binding) -> Self {
        let field = binding.response_body.as_ref();
        let field = field.map(|field| message.get_field(field));
        let inner = field.as_ref().and_then(|value| value.as_message());
        let body = inner.unwrap_or(message);
        let content_type = body.get_field_by_name("content_type");
        let data = body.get_field_by_name("data");
        Self {
            content_type: content_type
                .and_then(|text| text.as_str().map(str::to_owned))
                .unwrap_or_default(),
            data: data
                .and_then(|data| data.as_bytes().cloned())
                .unwrap_or_default(),
        }
    }

    /// Answers with a body of this file's type.
    pub(super) fn response(&self, body: Body) -> Response {
        let content_type = HeaderValue::from_str(&self.content_type).ok();
        let content_type = content_type.filter(|value| !value.is_empty());
        let headers = [
            (header::CONTENT_TYPE, content_type.unwrap_or(UNKNOWN)),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (headers, body).into_response()
    }
}
