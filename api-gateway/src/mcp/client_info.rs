//! The name that an MCP client gives itself, without sessions: clients of the revision 2026-07-28 send it with each request,
//! clients of the revisions before with `initialize` only. They get a session id that holds it and send that with each request
//! instead. It carries no authority, so it is neither signed nor remembered; each request is authenticated by its token.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue};
use rmcp::model::Implementation;
use serde_json::Value;
use uuid::Uuid;

/// Header of the session id.
pub(super) const SESSION_ID: &str = "mcp-session-id";
const MAX_CHARACTERS: usize = 200;

/// Returns the name and version of a client, as a product of a user agent: `Claude Desktop/1.2.3`.
pub(super) fn product(client: &Implementation) -> String {
    let Implementation { name, version, .. } = client;
    let product = match version.is_empty() {
        true => name.clone(),
        false => format!("{name}/{version}"),
    };
    product.chars().take(MAX_CHARACTERS).collect()
}

/// Returns the session id for the client that an `initialize` request names; none for other messages.
pub(super) fn session_id(message: &Value) -> Option<HeaderValue> {
    if message["method"] != "initialize" {
        return None;
    }
    let client = message["params"].get("clientInfo")?;
    let client: Implementation = serde_json::from_value(client.clone()).ok()?;
    // The UUID makes it unique, which a proxy that keeps sessions apart relies on.
    let id = format!(
        "{}.{}",
        Uuid::new_v4(),
        URL_SAFE_NO_PAD.encode(product(&client))
    );
    HeaderValue::try_from(id).ok()
}

/// Returns the name of the client that a session id holds; none if there is none, or it is not one of ours.
pub(super) fn of_session(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(SESSION_ID)?.to_str().ok()?;
    let (_, product) = id.split_once('.')?;
    let product = URL_SAFE_NO_PAD.decode(product).ok()?;
    let product = String::from_utf8(product).ok()?;
    Some(product.chars().take(MAX_CHARACTERS).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn initialize(client: Value) -> Value {
        json!({"method": "initialize", "params": {"clientInfo": client}})
    }

    fn kept(client: Value) -> Option<String> {
        let id = session_id(&initialize(client))?;
        of_session(&HeaderMap::from_iter([(SESSION_ID.parse().unwrap(), id)]))
    }

    #[test]
    fn session_id_holds_name_and_version() {
        let kept_name = |name: &str, version: &str| kept(json!({"name": name, "version": version}));
        assert_eq!(kept_name("Chat", "1.2").as_deref(), Some("Chat/1.2"));
        assert_eq!(kept_name("日本語 \"\n", "").as_deref(), Some("日本語 \"\n"));
        let long = kept_name(&"\u{1f600}".repeat(100_000), "1").unwrap();
        assert_eq!(long.chars().count(), MAX_CHARACTERS);
        let id = |message: &Value| session_id(message).unwrap();
        let message = initialize(json!({"name": "Chat", "version": "1"}));
        assert_ne!(id(&message), id(&message));
    }

    #[test]
    fn only_initialize_with_client_info_gets_session_id() {
        let without = json!({"method": "initialize", "params": {}});
        let other =
            json!({"method": "ping", "params": {"clientInfo": {"name": "x", "version": "1"}}});
        for message in [without, other, json!(null), initialize(json!("Chat"))] {
            assert_eq!(session_id(&message), None, "{message}");
        }
    }

    #[test]
    fn foreign_session_ids_name_nobody() {
        for id in [
            "",
            "x",
            "x.",
            "x.%%%",
            "x._-8",
            "1868a90c-5d4a-4c0c-a4c8-0a5b0b0b0b0b",
        ] {
            let headers =
                HeaderMap::from_iter([(SESSION_ID.parse().unwrap(), id.parse().unwrap())]);
            assert_eq!(
                of_session(&headers).filter(|name| !name.is_empty()),
                None,
                "{id}"
            );
        }
    }
}
