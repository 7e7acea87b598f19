use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Extension, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use service_runtime::grpc::{Caller, deadline};
use tokio::time::Instant;
use url::form_urlencoded;

use super::{
    body::{check_content_type, read_body},
    deadline::requested_deadline,
    etag, problem,
};
use crate::{
    catalog::{Binding, Found, Rpc},
    error::Error,
    gateway::Gateway,
    transcode::{HttpInput, from_http, parse, response_body},
};

/// Answers every request that the catalog has a route for, and those that it has none for.
pub(super) async fn handle(
    State(gateway): State<Arc<Gateway>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    answer(&gateway, &caller, request)
        .await
        .unwrap_or_else(|error| problem(&error))
}

async fn answer(gateway: &Gateway, caller: &Caller, request: Request) -> Result<Response, Error> {
    let routes = &gateway.catalog.routes;
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    match routes.find(&parts.method, path) {
        Found::Route {
            rpc,
            binding,
            values,
        } => {
            let asked = requested_deadline(&parts.headers)?;
            let deadline = Instant::now() + gateway.requests.deadline(asked);
            let call = call(gateway, caller, rpc, binding, &values, &parts, body);
            deadline::with_deadline(deadline, call).await
        }
        Found::OtherMethods(allowed) => Err(Error::MethodNotAllowed {
            method: parts.method.clone(),
            allowed,
        }),
        Found::Nothing { nearest } => Err(Error::RouteNotFound {
            path: path.to_owned(),
            nearest,
        }),
    }
}

async fn call(
    gateway: &Gateway,
    caller: &Caller,
    rpc: &Rpc,
    binding: &Binding,
    path_values: &[String],
    parts: &http::request::Parts,
    body: Body,
) -> Result<Response, Error> {
    let body = read_body(body, &gateway.requests).await?;
    let body = match body.is_empty() {
        true => None,
        false => {
            check_content_type(&parts.headers)?;
            Some(parse(&body)?)
        }
    };
    let query = parts.uri.query().unwrap_or_default();
    let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let if_match = etag::if_match(&parts.headers)?;
    let input = HttpInput {
        path_values,
        query: &query,
        body: body.as_ref(),
        if_match: if_match.as_deref(),
    };
    let notes = &gateway.catalog.notes;
    let message = from_http(notes, rpc, binding, input).map_err(Error::InvalidFields)?;
    let message = gateway.call(caller, rpc, message).await?;
    let json = response_body(notes, &message, binding.response_body.as_ref())
        .map_err(|fault| Error::Internal(fault.into()))?;
    let mut response = Body::from(json.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(etag) = etag::etag(&message) {
        headers.insert(header::ETAG, etag);
    }
    Ok(response)
}
