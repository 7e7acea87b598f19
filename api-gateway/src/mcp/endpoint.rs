use std::sync::Arc;

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
    routing::{MethodRouter, any},
};
use http::{HeaderMap, HeaderValue, header};
use http_body_util::{BodyExt, Full};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};

use super::{Tools, client_info, server::Server};
use crate::{
    config::{McpConfig, RequestsConfig},
    error::Error,
    gateway::Gateway,
    http::{check_content_type, problem, read_body, weighed},
    transcode::parse,
    web_origin::AllowedOrigins,
};

const OWN_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Endpoint of the Model Context Protocol over streamable HTTP: no sessions, plain JSON answers.
#[derive(Clone)]
pub struct Endpoint {
    service: StreamableHttpService<Server, NeverSessionManager>,
    requests: RequestsConfig,
    origins: AllowedOrigins,
}

impl Endpoint {
    /// Creates an endpoint for the tools.
    pub(crate) fn new(
        gateway: Arc<Gateway>,
        tools: Arc<Tools>,
        config: &McpConfig,
        origins: AllowedOrigins,
    ) -> Self {
        let requests = gateway.requests;
        let own_hosts = OWN_HOSTS
            .into_iter()
            .chain(gateway.auth.public_url.host_str());
        let hosts = own_hosts
            .map(str::to_owned)
            .chain(config.allowed_hosts.iter().cloned());
        let transport = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_max_request_body_bytes(requests.max_body_bytes)
            .with_allowed_hosts(hosts)
            // Origins are checked here, by the same rules as for all other requests.
            .disable_allowed_origins();
        let server = Server { gateway, tools };
        let service = StreamableHttpService::new(
            move || Ok(server.clone()),
            Arc::new(NeverSessionManager::default()),
            transport,
        );
        Self {
            service,
            requests,
            origins,
        }
    }

    /// Returns the route of the endpoint.
    pub(crate) fn route<S: Clone + Send + Sync + 'static>(self) -> MethodRouter<S> {
        any(async move |request: Request| {
            let answer = self.answer(request).await;
            answer.unwrap_or_else(problem)
        })
    }

    async fn answer(&self, request: Request) -> Result<Response, Error> {
        self.origins.check(request.headers())?;
        let (mut parts, body) = request.into_parts();
        let body = read_body(body, self.requests.max_body_bytes, &self.requests).await?;
        let mut session_id = None;
        if !body.is_empty() {
            check_content_type(&parts.headers)?;
            // The protocol library's parser knows no limit of depth of its own and takes the last of two equal names.
            session_id = client_info::session_id(&parse(&body)?);
        }
        if accepts_json(&parts.headers) {
            let both = HeaderValue::from_static("application/json, text/event-stream");
            parts.headers.insert(header::ACCEPT, both);
        }
        let request = Request::from_parts(parts, Full::new(body));
        let response = self.service.handle(request).await.map(Body::new);
        let mut response = in_one_shape(response).await;
        if let (Some(id), true) = (session_id, response.status().is_success()) {
            response.headers_mut().insert(client_info::SESSION_ID, id);
        }
        Ok(response)
    }
}

/// Reports whether a client accepts JSON, in which every request is answered. The protocol library insists on both types of the
/// specification by name, though it needs one and clients leave the other out.
fn accepts_json(headers: &HeaderMap) -> bool {
    let mut ranges = weighed(headers, header::ACCEPT).peekable();
    ranges.peek().is_none()
        || ranges.any(|(range, is_accepted)| {
            is_accepted && matches!(range.as_str(), "*/*" | "application/*" | "application/json")
        })
}

/// Gives the transport's own refusals, which are plain text, the shape of every other error.
async fn in_one_shape(response: http::Response<Body>) -> Response {
    let is_json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    if is_json || !(response.status().is_client_error() || response.status().is_server_error()) {
        return response.into_response();
    }
    let (parts, body) = response.into_parts();
    let text = body
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut answer = problem(match parts.status.as_u16() {
        // The content type was checked before, so this is how it refuses a message of another form.
        415 => Error::transport(
            400,
            "the body must be one JSON-RPC 2.0 message, whose params are an object",
        ),
        406 => Error::transport(
            406,
            "responses are application/json, which the header Accept excludes",
        ),
        500.. => Error::internal(text),
        http => Error::transport(http, text),
    });
    if let Some(allow) = parts.headers.get(header::ALLOW) {
        answer.headers_mut().insert(header::ALLOW, allow.clone());
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_that_names_no_type_takes_json() {
        assert!(accepts_json(&HeaderMap::new()));
        let accept = |value: &'static str| {
            let value = HeaderValue::from_static(value);
            accepts_json(&HeaderMap::from_iter([(header::ACCEPT, value)]))
        };
        assert!(accept("") && accept(" , ") && accept("text/html,*/*;q=0.1"));
        assert!(!accept("text/html") && !accept("application/json; q=0") && !accept("*/*;q=0.0"));
    }
}
