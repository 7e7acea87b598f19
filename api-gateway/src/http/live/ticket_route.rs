use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, header, request::Parts};
use serde_json::Value;
use service_runtime::grpc::{FieldViolation, Verified};
use url::form_urlencoded;

use crate::{
    catalog::{Found, RouteTable},
    error::Error,
    gateway::Gateway,
    http::body::{check_content_type, read_body},
    tickets,
    transcode::parse,
};

/// A request for a ticket says nothing.
const MAX_BODY_BYTES: usize = 1024;

/// Reports whether tickets for a live stream are issued at a path.
pub(in crate::http) fn is_ticket_route(routes: &RouteTable, path: &str) -> bool {
    let stream = path.strip_suffix(tickets::SEGMENT);
    let found = stream.map(|stream| routes.find(&Method::GET, stream));
    matches!(found, Some(Found::Route { rpc, .. }) if rpc.live.is_some())
}

/// Issues a ticket to a caller, who has shown a token.
///
/// # Errors
///
/// Fails if the method is not POST, or if the request says anything.
pub(in crate::http) async fn issue_ticket(
    gateway: &Gateway,
    verified: &Verified,
    parts: &Parts,
    body: Body,
) -> Result<Response, Error> {
    if parts.method != Method::POST {
        return Err(Error::MethodNotAllowed {
            method: parts.method.clone(),
            allowed: vec![Method::POST, Method::OPTIONS],
        });
    }
    let query = parts.uri.query().unwrap_or_default();
    if let Some((name, _)) = form_urlencoded::parse(query.as_bytes()).next() {
        return Err(unknown(
            &name,
            "is not a known query parameter; leave it out",
        ));
    }
    let body = read_body(body, MAX_BODY_BYTES, &gateway.requests).await?;
    if !body.is_empty() {
        check_content_type(&parts.headers)?;
        match parse(&body)? {
            Value::Object(fields) => {
                if let Some(name) = fields.keys().next() {
                    return Err(unknown(name, "is not a known field; leave it out"));
                }
            }
            _ => return Err(unknown("body", "must be empty or {}")),
        }
    }
    let ticket = gateway.tickets.issue(verified).to_string();
    let mut response = Body::from(ticket).into_response();
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn unknown(name: &str, cure: &str) -> Error {
    Error::InvalidFields(vec![FieldViolation::new(name, cure)])
}
