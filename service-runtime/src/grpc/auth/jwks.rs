//! Reads JSON Web Key Sets: RS256, ES256 and EdDSA keys, nothing else.

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;
use tracing::warn;

use super::keys::{Key, KeySet};

// 2048 bits in base64url; RFC 7518 forbids shorter RSA keys.
const MINIMUM_MODULUS_CHARACTERS: usize = 342;

/// Text that is not a key set, or has no usable key.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct JwksError(&'static str);

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

/// Reads the keys that can be used, and logs the ids of the others.
pub(super) fn parse(text: &[u8]) -> Result<KeySet, JwksError> {
    let document: Document = serde_json::from_slice(text)
        .map_err(|_| JwksError("not a JSON Web Key Set, which looks like {\"keys\": [...]}"))?;
    let mut keys = Vec::new();
    for entry in document.keys {
        let id = entry.get("kid").and_then(Value::as_str).map(str::to_owned);
        // One at a time: a kind of key that this version does not know must not take the others with it.
        match serde_json::from_value(entry)
            .ok()
            .and_then(|jwk| usable(&jwk))
        {
            Some((algorithm, key)) => keys.push(Key { id, algorithm, key }),
            None => warn!("ignoring key {id:?} of a key set: it is not for RS256, ES256 or EdDSA"),
        }
    }
    if keys.is_empty() {
        return Err(JwksError(
            "no key that can be used: needs one for RS256 (2048 bits or more), ES256 or EdDSA (Ed25519)",
        ));
    }
    Ok(KeySet(keys))
}

fn usable(jwk: &Jwk) -> Option<(Algorithm, DecodingKey)> {
    let common = &jwk.common;
    if !matches!(common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let (algorithm, names) = match &jwk.algorithm {
        AlgorithmParameters::RSA(key) if key.n.len() >= MINIMUM_MODULUS_CHARACTERS => {
            (Algorithm::RS256, KeyAlgorithm::RS256)
        }
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        _ => return None,
    };
    if common.key_algorithm.is_some_and(|named| named != names) {
        return None;
    }
    Some((algorithm, DecodingKey::from_jwk(jwk).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_of_the_three_algorithms_are_taken() {
        let ed = r#"{"kty":"OKP","crv":"Ed25519","kid":"ed","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let secret = r#"{"kty":"oct","kid":"secret","k":"AAAA"}"#;
        let unknown = r#"{"kty":"XYZ","kid":"unknown"}"#;
        let short = r#"{"kty":"RSA","kid":"short","n":"AQAB","e":"AQAB"}"#;
        let other = r#"{"kty":"OKP","crv":"Ed25519","kid":"other","alg":"RS256","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let text = format!(r#"{{"keys":[{ed},{secret},{unknown},{short},{other}]}}"#);
        let KeySet(keys) = parse(text.as_bytes()).unwrap();
        assert_eq!(keys.len(), 1);
        assert_eq!(keys[0].id.as_deref(), Some("ed"));
        assert_eq!(keys[0].algorithm, Algorithm::EdDSA);
    }

    #[test]
    fn a_set_without_a_usable_key_is_an_error() {
        for (text, expected) in [("{\"keys\":[]}", "no key"), ("<html>", "not a JSON")] {
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
