//! What a token says.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::AuthError;
use crate::{
    grpc::{Caller, Origin},
    ids::UserId,
};

const MAXIMUM_CHARACTERS: usize = 255;

/// The claims of a token that was signed by one of the issuers; its times and names are checked before these are used.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    // Kept as they come, because an issuer may put anything here.
    sub: Option<Value>,
    exp: Option<Value>,
    jti: Option<Value>,
    client_id: Option<Value>,
    azp: Option<Value>,
    act: Option<Value>,
    roles: Option<Value>,
}

impl Claims {
    /// Returns when the token expires, in seconds since 1970.
    pub(super) fn expire_time(&self) -> u64 {
        let time = self.exp.as_ref().and_then(Value::as_u64);
        time.unwrap_or_default()
    }

    /// Reads who calls from a user's token; whatever it says about an actor does not count.
    pub(super) fn user(self) -> Result<Caller, AuthError> {
        Ok(Caller {
            user_id: subject(self.sub.as_ref())?,
            service: None,
            token_id: text(self.jti.as_ref()),
            // RFC 9068, and what OpenID Connect calls it.
            client_id: text(self.client_id.as_ref()).or_else(|| text(self.azp.as_ref())),
            roles: roles(self.roles.as_ref()),
            origin: Origin::default(),
        })
    }

    /// Reads who calls, and for whom, from a token of the mesh.
    pub(super) fn service(self) -> Result<Caller, AuthError> {
        let actor = self.act.as_ref().and_then(|act| act.get("sub"));
        let service = actor
            .and_then(Value::as_str)
            .filter(|name| is_readable(name))
            .ok_or(AuthError::Claim("act"))?;
        Ok(Caller {
            user_id: subject(self.sub.as_ref())?,
            service: Some(service.to_owned()),
            token_id: text(self.jti.as_ref()),
            client_id: None,
            // Those of the user whose call it passes on; a service that acts by itself tells none.
            roles: roles(self.roles.as_ref()),
            origin: Origin::default(),
        })
    }
}

fn subject(claim: Option<&Value>) -> Result<UserId, AuthError> {
    claim
        .and_then(Value::as_str)
        .and_then(|subject| UserId::from_str(subject).ok())
        .ok_or(AuthError::Claim("sub"))
}

fn text(claim: Option<&Value>) -> Option<String> {
    claim
        .and_then(Value::as_str)
        .filter(|id| is_readable(id))
        .map(str::to_owned)
}

/// No control characters: such a text is stored, logged and passed on.
fn is_readable(text: &str) -> bool {
    (1..=MAXIMUM_CHARACTERS).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

fn roles(claim: Option<&Value>) -> Vec<String> {
    let roles = claim.and_then(Value::as_array).into_iter().flatten();
    roles.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The claims of a token that this service mints.
#[derive(Debug, Serialize)]
pub(super) struct MintedClaims<'a> {
    pub(super) iss: &'a str,
    pub(super) aud: &'a str,
    pub(super) sub: &'a str,
    pub(super) iat: u64,
    pub(super) exp: u64,
    pub(super) jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) act: Option<Actor<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(super) roles: &'a [String],
}

/// Who acts for the subject (RFC 8693).
#[derive(Debug, Serialize)]
pub(super) struct Actor<'a> {
    pub(super) sub: &'a str,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(claims: Value) -> Claims {
        serde_json::from_value(claims).unwrap()
    }

    #[test]
    fn claim_with_control_character_is_not_taken_over() {
        for text in ["a\0b", "\0", "a\nb"] {
            let caller = claims(json!({"sub": "alice", "jti": text, "client_id": text}));
            let caller = caller.user().unwrap();
            assert_eq!((caller.token_id, caller.client_id), (None, None));
            assert!(claims(json!({"sub": text})).user().is_err());
            let service = claims(json!({"sub": "alice", "act": {"sub": text}}));
            assert!(service.service().is_err());
        }
    }
}
