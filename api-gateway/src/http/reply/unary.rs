use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::header;

use super::file::FilePart;
use crate::{
    catalog::{Plans, RouteMatch},
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
    plans: &Plans,
    route: &RouteMatch,
    message: Bytes,
) -> Result<Response, Error> {
    let (rpc, binding) = (&route.rpc, route.binding());
    if binding.answers_with_file {
        let file = FilePart::of(&message, binding);
        return Ok(file.response(Body::from(file.data.clone())));
    }
    let field = binding.response_body.as_deref();
    let json = response_body(plans, rpc.output, &message, field)?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let mut response = (headers, json).into_response();
    if let Some(etag) = etag::etag(&plans[rpc.output], &message) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    Ok(response)
}
