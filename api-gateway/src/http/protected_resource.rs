use serde_json::{Value, json};
use url::Url;

/// Returns the metadata of the resource at a path (RFC 9728): its name and how it takes tokens. The issuer is part of it only if
/// its name is a URL, where OAuth clients find more.
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
