use axum::{
    Json,
    body::Body,
    response::{IntoResponse, Response},
};
use http::{Method, header, request::Parts};
use serde_json::Value;
use service_runtime::grpc::Verified;
use url::form_urlencoded;

use crate::{
    catalog::{Found, RouteTable},
    error::Error,
    gateway::Gateway,
    http::body::{check_content_type, read_body},
    tickets,
    transcode::parse,
};

/// Maximum size of the body, which is empty or `{}`.
const MAX_BODY_BYTES: usize = 1024;

/// Reports whether tickets for a live stream are issued at a path.
pub(in crate::http) fn is_ticket_route(routes: &RouteTable, path: &str) -> bool {
    let stream = path.strip_suffix(tickets::SEGMENT);
    let found = stream.map(|stream| routes.find(&Method::GET, stream));
    matches!(found, Some(Found::Route(route)) if route.rpc.live.is_some())
}

/// Issues a ticket to a caller with a token.
///
/// # Errors
///
/// Fails if the method is not POST, or if the request has parameters.
pub(in crate::http) async fn issue_ticket(
    gateway: &Gateway,
    verified: &Verified,
    parts: &Parts,
    body: Body,
) -> Result<Response, Error> {
    if parts.method != Method::POST {
        let allowed = vec![Method::POST, Method::OPTIONS];
        return Err(Error::method_not_allowed(&parts.method, allowed));
    }
    let query = parts.uri.query().unwrap_or_default();
    if let Some((name, _)) = form_urlencoded::parse(query.as_bytes()).next() {
        return Err(Error::field(
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
                    return Err(Error::field(name, "is not a known field; leave it out"));
                }
            }
            _ => return Err(Error::field("body", "must be empty or {}")),
        }
    }
    let ticket = Json(gateway.tickets.issue(verified));
    Ok(([(header::CACHE_CONTROL, "no-store")], ticket).into_response())
}
