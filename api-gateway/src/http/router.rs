use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    middleware::{from_fn, from_fn_with_state},
    response::Response,
    routing::{MethodRouter, any, get},
};
use bytes::Bytes;
use http::{Method, header};
use serde_json::{Value, json};
use url::Url;

use super::{
    docs::{CONTENT_SECURITY_POLICY, docs},
    handler, layers, live, openapi, problem,
    protected_resource::protected_resource,
};
use crate::{
    auth::{Auth, require_token},
    error::Error,
    gateway::Gateway,
    mcp,
    rates::{Rates, limit},
};

/// What the router is made of.
pub struct RouterParts {
    /// The offered RPCs and the services that answer them.
    pub gateway: Arc<Gateway>,
    /// Who may ask.
    pub auth: Auth,
    /// The issuer of users' tokens.
    pub issuer: String,
    /// How often users may ask.
    pub rates: Rates,
    /// The origins of web pages that may ask; `*` is any.
    pub cors_allowed_origins: Vec<String>,
    /// The door for agents.
    pub mcp: mcp::Door,
}

/// Builds the router: open documents, tools at `/mcp`, and everything else by the catalog's routes, for callers with a token.
pub fn router(parts: RouterParts) -> Router {
    let RouterParts {
        gateway,
        auth,
        issuer,
        rates,
        cors_allowed_origins,
        mcp,
    } = parts;
    let public_url = auth.public_url.clone();
    let documents = documents(&gateway, mcp.tools(), &public_url, &issuer);
    let guarded = Router::new()
        .route("/mcp", any(mcp::handle).with_state(mcp))
        .fallback(handler::handle)
        .with_state(Arc::clone(&gateway))
        .layer(from_fn_with_state(rates.clone(), limit))
        .layer(from_fn_with_state(auth.clone(), require_token))
        // A socket may bring its token later, in its first message.
        .layer(from_fn_with_state(
            live::Door::new(gateway, auth, rates),
            live::open_socket,
        ));
    let router = documents.merge(guarded);
    // Outermost last: every answer, a refusal or a panic's too, belongs to a trace and has the CORS headers.
    router
        .layer(from_fn(layers::catch_panic))
        .layer(layers::cors(&cors_allowed_origins))
        .layer(from_fn(layers::trace))
}

/// The documents that need no token.
fn documents(gateway: &Gateway, tools: &mcp::Tools, public_url: &Url, issuer: &str) -> Router {
    let openapi = openapi(&gateway.catalog, public_url);
    let docs = docs(&gateway.catalog, tools, public_url);
    let metadata = |path: &str| document(protected_resource(public_url, path, issuer));
    Router::new()
        .route("/healthz", document(json!({"status": "ok"})))
        .route("/openapi.json", document(openapi))
        .route("/docs", page(docs))
        .route("/.well-known/oauth-protected-resource", metadata(""))
        .route(
            "/.well-known/oauth-protected-resource/mcp",
            metadata("/mcp"),
        )
}

fn document(document: Value) -> MethodRouter {
    let document = Bytes::from(document.to_string());
    let answer = move || {
        let body = document.clone();
        async { ([(header::CONTENT_TYPE, "application/json")], body) }
    };
    get(answer).fallback(only_get)
}

fn page(page: String) -> MethodRouter {
    let page = Bytes::from(page);
    let answer = move || {
        let body = page.clone();
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
        ];
        async move { (headers, body) }
    };
    get(answer).fallback(only_get)
}

async fn only_get(request: Request) -> Response {
    problem(&Error::MethodNotAllowed {
        method: request.method().clone(),
        allowed: vec![Method::GET, Method::HEAD],
    })
}
