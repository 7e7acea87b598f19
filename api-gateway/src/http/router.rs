use std::sync::Arc;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    response::Redirect,
    routing::{MethodRouter, any},
};
use rmcp::model::Tool;
use serde_json::json;

use super::{
    docs::docs, document::Document, handler, layers, live, openapi,
    protected_resource::protected_resource, start,
};
use crate::{auth::require_token, gateway::Gateway, rate_limit::limit};

/// Returns all routes: public documents, `mcp` at `/mcp`, and the catalog's routes, for callers with a token.
pub fn router(
    gateway: Arc<Gateway>,
    issuer: &str,
    mcp: MethodRouter<Arc<Gateway>>,
    tools: &[Tool],
) -> Router {
    let documents = documents(&gateway, issuer, tools);
    let (auth, limiter) = (gateway.auth.clone(), gateway.rate_limiter.clone());
    let guarded = Router::new()
        .route("/mcp", mcp.clone())
        // Some clients add a slash to every URL that they are given.
        .route("/mcp/", mcp)
        .fallback(handler::handle)
        .with_state(Arc::clone(&gateway))
        .layer(from_fn_with_state(limiter, limit))
        .layer(from_fn_with_state(auth, require_token))
        // A WebSocket may send its token later, in its first message.
        .layer(from_fn_with_state(Arc::clone(&gateway), live::open_stream));
    // A router looks for a route before its layers run, so what rewrites the path stands around a router of its own.
    Router::new()
        .fallback_service(documents.merge(guarded))
        .layer(from_fn(layers::normalize_path))
        .layer(from_fn(layers::catch_panic))
        .layer(layers::compression())
        .layer(from_fn(layers::plain_accept_encoding))
        .layer(layers::cors(gateway.origins.clone()))
        .layer(from_fn_with_state(gateway, layers::allow))
        .layer(from_fn(layers::security_headers))
        .layer(from_fn(layers::trace))
}

/// Returns the routes of the documents that need no token.
fn documents(gateway: &Gateway, issuer: &str, tools: &[Tool]) -> Router {
    let public_url = &gateway.auth.public_url;
    let openapi = openapi(&gateway.catalog, public_url);
    let metadata = |path: &str| Document::json(&protected_resource(public_url, path, issuer));
    let healthy = Document::json(&json!({"status": "ok"}));
    let documents = [
        ("/healthz", healthy.uncached()),
        ("/openapi.json", Document::json(&openapi)),
        ("/docs", docs(&gateway.catalog, tools, public_url)),
        ("/favicon.ico", start::icon()),
        ("/favicon.svg", start::scalable_icon()),
        ("/.well-known/oauth-protected-resource", metadata("")),
        (
            "/.well-known/oauth-protected-resource/mcp",
            metadata("/mcp"),
        ),
    ];
    let mut router = Router::new().route("/", start::route(public_url, issuer));
    for (path, document) in documents {
        router = router
            .route(path, document.route())
            .route(&format!("{path}/"), any(Redirect::permanent(path)));
    }
    router
}
