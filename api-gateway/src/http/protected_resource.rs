use serde_json::{Value, json};
use url::Url;

/// Describes the resource at a path (RFC 9728): what it is called and how it takes tokens. Who issues them is told only
/// if the issuer's name is a URL, where OAuth clients can ask further.
pub(super) fn protected_resource(public_url: &Url, path: &str, issuer: &str) -> Value {
    let base = public_url.as_str().trim_end_matches('/');
    let mut document = json!({
        "resource": format!("{base}{path}"),
        "resource_name": "Taskmesh",
        "bearer_methods_supported": ["header"],
    });
    if Url::parse(issuer).is_ok_and(|url| matches!(url.scheme(), "https" | "http")) {
        document["authorization_servers"] = json!([issuer]);
    }
    document
}
