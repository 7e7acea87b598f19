use bytes::Bytes;
use futures::StreamExt;
use serde_json::{Map, Value};
use service_runtime::grpc::FieldViolation;
use tokio_tungstenite::tungstenite::Message;

use service_runtime::suggestion::did_you_mean;

use super::{close::End, upgrade::Socket};
use crate::{error::Error, transcode::parse};

/// The names that a first message may have.
const NAMES: [&str; 2] = ["token", "request"];

/// The first message of a client that brings its token with it.
#[derive(Debug, PartialEq)]
pub(super) struct Greeting {
    /// The token.
    pub(super) token: String,
    /// The request; if absent, the URL's query is.
    pub(super) request: Option<Value>,
}

impl Greeting {
    /// Waits for it.
    pub(super) async fn receive(socket: &mut Socket) -> Result<Self, End> {
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    return Self::read(&Bytes::from(text)).map_err(|error| End::of(&error));
                }
                Some(Ok(Message::Binary(_))) => {
                    return Err(End::Unexpected("the first message must be JSON text"));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(frame))) => {
                    return Err(End::closed_by_client(frame.as_ref()));
                }
                Some(Err(cause)) => return Err(End::of_broken(&cause)),
                None => return Err(End::Gone),
            }
        }
    }

    fn read(text: &[u8]) -> Result<Self, Error> {
        let Value::Object(mut fields) = parse(text)? else {
            return Err(wrong(
                "token",
                "is missing; the first message must be {\"token\": \"…\", \"request\": {…}}",
            ));
        };
        let token = match fields.shift_remove("token") {
            Some(Value::String(token)) => token,
            Some(_) => return Err(wrong("token", "must be a string")),
            None => {
                return Err(wrong(
                    "token",
                    "is missing; send the token that other requests have in the header Authorization",
                ));
            }
        };
        let request = fields.shift_remove("request");
        refuse_unknown(&fields)?;
        Ok(Self { token, request })
    }
}

fn refuse_unknown(fields: &Map<String, Value>) -> Result<(), Error> {
    match fields.keys().next() {
        None => Ok(()),
        Some(name) => {
            let hint = did_you_mean(name, NAMES);
            Err(wrong(name, &format!("is not a known field{hint}")))
        }
    }
}

fn wrong(field: &str, cure: &str) -> Error {
    Error::InvalidFields(vec![FieldViolation::new(field, cure)])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_greeting_has_a_token_and_perhaps_a_request() {
        let read = |text: &str| Greeting::read(text.as_bytes());
        let greeting = read(r#"{"token": "a.b.c", "request": {"filter": "x"}}"#).unwrap();
        assert_eq!(greeting.token, "a.b.c");
        assert_eq!(greeting.request, Some(json!({"filter": "x"})));
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
