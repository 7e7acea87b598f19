use std::sync::Arc;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    response::Redirect,
    routing::any,
};
use serde_json::json;
use url::Url;

use super::{
    docs::docs, document::Document, handler, layers, live, openapi,
    protected_resource::protected_resource, start,
};
use crate::{
    auth::{Auth, require_token},
    gateway::Gateway,
    mcp,
    rates::{Rates, limit},
    web_origin::AllowedOrigins,
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
    /// The origins of web pages that may call.
    pub origins: AllowedOrigins,
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
        origins,
        mcp,
    } = parts;
    let public_url = auth.public_url.clone();
    let documents = documents(&gateway, mcp.tools(), &public_url, &issuer);
    let live = live::Door {
        gateway: Arc::clone(&gateway),
        auth: auth.clone(),
        rates: rates.clone(),
        origins: origins.clone(),
    };
    let tools = any(mcp::handle).with_state(mcp);
    let guarded = Router::new()
        .route("/mcp", tools.clone())
        // Some clients add a slash to every URL that they are given.
        .route("/mcp/", tools)
        .fallback(handler::handle)
        .with_state(Arc::clone(&gateway))
        .layer(from_fn_with_state(rates, limit))
        .layer(from_fn_with_state(auth, require_token))
        // A socket may bring its token later, in its first message.
        .layer(from_fn_with_state(live, live::open_stream));
    // A router looks for a route before its layers run, so what rewrites the path stands around a router of its own.
    Router::new()
        .fallback_service(documents.merge(guarded))
        .layer(from_fn(layers::normalize_path))
        .layer(from_fn(layers::catch_panic))
        .layer(layers::compression())
        .layer(from_fn(layers::plain_accept_encoding))
        .layer(layers::cors(origins))
        .layer(from_fn_with_state(gateway, layers::allow))
        .layer(from_fn(layers::security_headers))
        .layer(from_fn(layers::trace))
}

/// The documents that need no token.
fn documents(gateway: &Gateway, tools: &mcp::Tools, public_url: &Url, issuer: &str) -> Router {
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
