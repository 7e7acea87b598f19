use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use prost_reflect::DynamicMessage;

use super::file::{carries_file, file};
use crate::{
    catalog::{Binding, Notes},
    error::Error,
    http::etag,
    transcode::response_body,
};

/// Answers with one message: as JSON, or as what it is if it is a file.
///
/// # Errors
///
/// Fails if the message has no JSON form.
pub(in crate::http) fn whole(
    notes: &Notes,
    binding: &Binding,
    message: &DynamicMessage,
) -> Result<Response, Error> {
    if carries_file(message, binding) {
        let file = file(message, binding);
        return Ok(file.response(Body::from(file.data.clone())));
    }
    let json = response_body(notes, message, binding.response_body.as_ref())
        .map_err(|fault| Error::Internal(fault.into()))?;
    let mut response = Body::from(json.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(etag) = etag::etag(message) {
        headers.insert(header::ETAG, etag);
    }
    Ok(response)
}
