//! The start page at `/`: what this is and where to go from here, for people and for programs. No script, nothing from elsewhere.

use std::sync::Arc;

use axum::{
    extract::Request,
    routing::{MethodRouter, any},
};
use http::{HeaderMap, header};
use serde_json::json;
use url::Url;

use super::{docs::escape, document::Document, weighed};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");

/// Returns the route of the start page.
pub(super) fn route(public_url: &Url, issuer: &str) -> MethodRouter {
    let documents = Arc::new((page(public_url, issuer), links(public_url, issuer)));
    any(move |request: Request| {
        let documents = Arc::clone(&documents);
        async move {
            let (page, links) = &*documents;
            let chosen = if wants_json(request.headers()) {
                links
            } else {
                page
            };
            chosen.answer(&request)
        }
    })
}

/// Returns the icon as browsers ask for it.
pub(super) fn icon() -> Document {
    Document::picture("image/x-icon", include_bytes!("favicon.ico"))
}

/// Returns the icon as the page names it.
pub(super) fn scalable_icon() -> Document {
    Document::picture("image/svg+xml", include_bytes!("favicon.svg"))
}

fn base(public_url: &Url) -> &str {
    public_url.as_str().trim_end_matches('/')
}

fn page(public_url: &Url, issuer: &str) -> Document {
    let page = PAGE
        .replace("{style}", STYLE)
        .replace("{version}", env!("CARGO_PKG_VERSION"))
        .replace("{issuer}", &escape(issuer))
        .replace("{base}", &escape(base(public_url)));
    Document::page(page, STYLE).chosen_by_accept()
}

fn links(public_url: &Url, issuer: &str) -> Document {
    let base = base(public_url);
    let links = json!({
        "name": "Taskmesh",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Tasks, recurrence and reminders over JSON, MCP, WebSocket and server-sent events.",
        "openapi": format!("{base}/openapi.json"),
        "documentation": format!("{base}/docs"),
        "mcp": format!("{base}/mcp"),
        "live": format!("{base}/v1/live"),
        "health": format!("{base}/healthz"),
        "authorization": {
            "scheme": "Bearer",
            "issuer": issuer,
            "metadata": format!("{base}/.well-known/oauth-protected-resource"),
        },
    });
    Document::json(&links).chosen_by_accept()
}

/// Reports whether a client asks for JSON before it asks for a page. Browsers name `text/html` first.
fn wants_json(headers: &HeaderMap) -> bool {
    let mut types = weighed(headers, header::ACCEPT).map(|(name, _)| name);
    let named = types.find(|name| matches!(name.as_str(), "application/json" | "text/html"));
    named.is_some_and(|name| name == "application/json")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn programs_that_ask_for_json_get_json() {
        for (accept, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/json, text/plain, */*", true),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                false,
            ),
            ("text/html, application/json", false),
            ("*/*", false),
            ("", false),
        ] {
            let accepted = [(header::ACCEPT, HeaderValue::from_static(accept))];
            assert_eq!(
                wants_json(&accepted.into_iter().collect()),
                expected,
                "{accept}"
            );
        }
    }
}
