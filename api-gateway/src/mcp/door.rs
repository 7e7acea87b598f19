use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::header;
use http_body_util::{BodyExt, Full};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use url::Url;

use super::{Tools, server::Server};
use crate::{
    config::{McpConfig, RequestsConfig},
    error::Error,
    gateway::Gateway,
    http::{check_content_type, problem, read_body},
    transcode::parse,
    web_origin::AllowedOrigins,
};

const OWN_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Speaks the Model Context Protocol over streamable HTTP: no sessions, plain JSON answers.
#[derive(Clone)]
pub struct Door {
    service: StreamableHttpService<Server, NeverSessionManager>,
    requests: RequestsConfig,
    origins: AllowedOrigins,
    tools: Arc<Tools>,
}

impl Door {
    /// Opens the door to the tools.
    pub fn new(
        gateway: Arc<Gateway>,
        tools: Tools,
        config: &McpConfig,
        origins: AllowedOrigins,
        public_url: &Url,
    ) -> Self {
        let requests = gateway.requests;
        let hosts = OWN_HOSTS.into_iter().chain(public_url.host_str());
        let hosts = hosts
            .map(str::to_owned)
            .chain(config.allowed_hosts.iter().cloned());
        let transport = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_max_request_body_bytes(requests.max_body_bytes)
            .with_allowed_hosts(hosts)
            // Origins are checked here, by the same rules as for all other requests.
            .disable_allowed_origins();
        let tools = Arc::new(tools);
        let server = Server {
            gateway,
            tools: Arc::clone(&tools),
        };
        let factory = move || Ok(server.clone());
        let service = StreamableHttpService::new(
            factory,
            Arc::new(NeverSessionManager::default()),
            transport,
        );
        Self {
            service,
            requests,
            origins,
            tools,
        }
    }

    /// Returns the tools behind the door.
    pub fn tools(&self) -> &Tools {
        &self.tools
    }
}

/// Answers a request to `/mcp`.
pub async fn handle(State(door): State<Door>, request: Request) -> Response {
    door.answer(request)
        .await
        .unwrap_or_else(|error| problem(&error))
}

impl Door {
    async fn answer(&self, request: Request) -> Result<Response, Error> {
        self.origins.check(request.headers())?;
        let (parts, body) = request.into_parts();
        let body = read_body(body, self.requests.max_body_bytes, &self.requests).await?;
        if !body.is_empty() {
            check_content_type(&parts.headers)?;
            // The protocol library's parser knows no limit of depth of its own and takes the last of two equal names.
            parse(&body)?;
        }
        let request = Request::from_parts(parts, Full::new(body));
        let response = self.service.handle(request).await.map(Body::new);
        Ok(in_one_shape(response).await)
    }
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
    let mut answer = problem(&match parts.status.as_u16() {
        // The content type was checked before, so this is how it refuses a message of another form.
        415 => Error::Transport {
            http: 400,
            message: "the body must be one JSON-RPC 2.0 message".to_owned(),
        },
        500.. => Error::Internal(text.into()),
        http => Error::Transport {
            http,
            message: text,
        },
    });
    if let Some(allow) = parts.headers.get(header::ALLOW) {
        answer.headers_mut().insert(header::ALLOW, allow.clone());
    }
    answer
}
