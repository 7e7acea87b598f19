use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Uri, header, request::Parts};
use service_runtime::grpc::Caller;
use url::form_urlencoded;

use super::{
    body::{check_content_type, check_encoding, read_body},
    etag,
    idempotency_key::idempotency_key,
};
use crate::{
    catalog::{self, Live, RouteMatch},
    error::Error,
    gateway::Gateway,
    transcode::{File, HttpInput, put_bytes, read_http},
};

/// Reads the request message of an RPC from an HTTP request.
///
/// # Errors
///
/// Fails if the request is wrong, with the name of the field or header and a hint.
pub(super) async fn read_message(
    gateway: &Gateway,
    caller: &Caller,
    route: &RouteMatch,
    parts: &Parts,
    body: Body,
) -> Result<Bytes, Error> {
    let (rpc, binding) = (&route.rpc, route.binding());
    let takes_file = matches!(binding.body, catalog::Body::File(_));
    let limit = match takes_file {
        true => gateway.requests.max_file_bytes,
        false => gateway.requests.max_body_bytes,
    };
    let body = read_body(body, limit, &gateway.requests).await?;
    let (mut text, mut file) = (None, None);
    if !body.is_empty() && takes_file {
        file = Some(read_file(parts, &body)?);
    } else if !body.is_empty() {
        check_content_type(&parts.headers)?;
        text = Some(body.as_ref());
    }
    let query = query_pairs(&parts.uri);
    let input = HttpInput {
        path_values: &route.path_values,
        query: &query,
        body: text,
        file,
        if_match: etag::if_match(&parts.headers)?,
        idempotency_key: idempotency_key(&parts.headers)?,
    };
    let reading = read_http(&gateway.catalog.plans, rpc, binding, input)?;
    let mut message = gateway.require_complete(caller, rpc, reading).await?;
    if let Some(live) = &rpc.live {
        resume(&mut message, live, &parts.headers)?;
    }
    Ok(message.into())
}

/// Returns the query parameters of a URL, decoded.
pub(super) fn query_pairs(uri: &Uri) -> Vec<(String, String)> {
    let query = uri.query().unwrap_or_default();
    let pairs = form_urlencoded::parse(query.as_bytes());
    pairs.into_owned().collect()
}

/// Sets the resume token from the header `Last-Event-ID`, with which a browser reconnects to the same URL.
fn resume(message: &mut Vec<u8>, live: &Live, headers: &HeaderMap) -> Result<(), Error> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(());
    };
    let hint = "must be the unchanged id of an event of this stream";
    let place = value.to_str();
    let place = place.map_err(|_| Error::header("Last-Event-ID", hint))?;
    if !place.is_empty() {
        put_bytes(message, live.resume_from, place.as_bytes());
    }
    Ok(())
}

fn read_file<'a>(parts: &'a Parts, data: &'a Bytes) -> Result<File<'a>, Error> {
    check_encoding(&parts.headers)?;
    let content_type = match parts.headers.get(header::CONTENT_TYPE) {
        None => "",
        Some(value) => value
            .to_str()
            .map_err(|_| Error::header("Content-Type", "must be a media type, such as text/csv"))?,
    };
    Ok(File { content_type, data })
}
