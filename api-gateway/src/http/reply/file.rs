use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderValue, header};

use crate::{
    catalog::Binding,
    transcode::{bytes_field, text_field},
};

/// Content type of a file that has none.
const UNKNOWN: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// Fields of `google.api.HttpBody`.
const CONTENT_TYPE: u32 = 1;
const DATA: u32 = 2;

/// A file, or a part of one.
#[derive(Default)]
pub(super) struct FilePart {
    content_type: String,
    pub(super) data: Bytes,
}

impl FilePart {
    /// Takes the file, a `google.api.HttpBody`, out of an answer.
    pub(super) fn of(message: &Bytes, binding: &Binding) -> Self {
        let body = match &binding.response_body {
            None => message.as_ref(),
            Some(field) => bytes_field(message, field.number).unwrap_or_default(),
        };
        Self {
            content_type: text_field(body, CONTENT_TYPE).to_owned(),
            data: message.slice_ref(bytes_field(body, DATA).unwrap_or_default()),
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
