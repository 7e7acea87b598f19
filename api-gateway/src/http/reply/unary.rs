use axum::{
    Json,
    body::Body,
    response::{IntoResponse, Response},
};
use http::header;
use prost_reflect::{DynamicMessage, ReflectMessage};

use super::file::{FilePart, answers_with_file};
use crate::{
    catalog::{Binding, Notes},
    error::Error,
    http::etag,
    transcode::response_body,
};

/// Answers with one message: as JSON, or as its bytes if it is a file.
///
/// # Errors
///
/// Fails if the message has no JSON form.
pub(in crate::http) fn unary(
    notes: &Notes,
    binding: &Binding,
    message: &DynamicMessage,
) -> Result<Response, Error> {
    if answers_with_file(&message.descriptor(), binding) {
        let file = FilePart::of(message, binding);
        return Ok(file.response(Body::from(file.data.clone())));
    }
    let json = response_body(notes, message, binding.response_body.as_ref())
        .map_err(|fault| Error::Internal(fault.into()))?;
    let mut response = ([(header::CACHE_CONTROL, "no-store")], Json(json)).into_response();
    if let Some(etag) = etag::etag(message) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    Ok(response)
}
