use futures::StreamExt;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use service_runtime::suggestion::did_you_mean;

use super::{
    close_reason::CloseReason,
    upgrade::{Socket, data},
};
use crate::{error::Error, transcode::parse};

/// Names of the fields.
const NAMES: [&str; 2] = ["token", "request"];

/// First message of a client that sends its token in it.
#[derive(Debug, PartialEq)]
pub(super) struct ConnectionInit {
    /// The token.
    pub(super) token: String,
    /// Request; if absent, the URL's query is used.
    pub(super) request: Option<Value>,
}

impl ConnectionInit {
    /// Waits for the message.
    pub(super) async fn receive(socket: &mut Socket) -> Result<Self, CloseReason> {
        loop {
            match data(socket.next().await)? {
                None => {}
                Some(Message::Text(text)) => return Ok(Self::read(text.as_bytes())?),
                Some(_) => {
                    let text = "the first message must be JSON text";
                    return Err(CloseReason::unexpected(text));
                }
            }
        }
    }

    fn read(text: &[u8]) -> Result<Self, Error> {
        let Value::Object(mut fields) = parse(text)? else {
            return Err(Error::field(
                "token",
                "is missing; the first message must be {\"token\": \"…\", \"request\": {…}}",
            ));
        };
        let token = match fields.shift_remove("token") {
            Some(Value::String(token)) => token,
            Some(_) => return Err(Error::field("token", "must be a string")),
            None => {
                return Err(Error::field(
                    "token",
                    "is missing; send the token that other requests have in the header Authorization",
                ));
            }
        };
        let request = fields.shift_remove("request");
        if let Some(name) = fields.keys().next() {
            let hint = did_you_mean(name, NAMES);
            return Err(Error::field(name, format!("is not a known field{hint}")));
        }
        Ok(Self { token, request })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn first_message_has_token_and_optional_request() {
        let read = |text: &str| ConnectionInit::read(text.as_bytes());
        let init = read(r#"{"token": "a.b.c", "request": {"filter": "x"}}"#).unwrap();
        assert_eq!(init.token, "a.b.c");
        assert_eq!(init.request, Some(json!({"filter": "x"})));
        assert_eq!(read(r#"{"token": "t"}"#).unwrap().request, None);
        for (text, expected) in [
            ("{}", "token: is missing"),
            ("[]", "token: is missing"),
            (r#"{"token": 7}"#, "token: must be a string"),
            (r#"{"token": "t", "requst": {}}"#, "requst: is not a known"),
            ("{", "not valid JSON"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
