//! Pages of lists: sizes and opaque tokens (AIP-158).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::grpc::FieldViolation;

const DEFAULT_SIZE: i32 = 50;
/// Largest number of items on a page.
pub const LARGEST: i32 = 500;

/// A page token that no list of this service has handed out.
#[derive(Debug, thiserror::Error)]
#[error(
    "is not a page token of this list; pass the next_page_token of the previous response unchanged"
)]
pub struct InvalidPageToken;

/// Makes an opaque token of the place where the next page begins.
pub fn encode(place: &impl Serialize) -> String {
    let json = serde_json::to_vec(place).expect("a place is plain data, which JSON can hold");
    BASE64_URL_SAFE_NO_PAD.encode(json)
}

/// Reads the place back from a token.
pub fn decode<T: DeserializeOwned>(token: &str) -> Result<T, InvalidPageToken> {
    let json = BASE64_URL_SAFE_NO_PAD
        .decode(token)
        .map_err(|_| InvalidPageToken)?;
    let place: Value = serde_json::from_slice(&json).map_err(|_| InvalidPageToken)?;
    if has_nul(&place) {
        return Err(InvalidPageToken);
    }
    serde_json::from_value(place).map_err(|_| InvalidPageToken)
}

/// No list hands out a text with U+0000, which the database refuses.
fn has_nul(place: &Value) -> bool {
    match place {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(has_nul),
        Value::Object(fields) => fields.values().any(has_nul),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Returns the number of items on a page: 50 if none was asked for, at most 500.
pub fn size(requested: i32) -> Result<i64, FieldViolation> {
    size_within(requested, DEFAULT_SIZE, LARGEST)
}

/// Returns the number of items on a page of a list with its own default and maximum. A larger request is lowered to the
/// maximum (AIP-158).
pub fn size_within(requested: i32, default: i32, maximum: i32) -> Result<i64, FieldViolation> {
    match requested {
        0 => Ok(default.into()),
        1.. => Ok(requested.min(maximum).into()),
        ..0 => Err(FieldViolation::new(
            "page_size",
            format!("must not be negative; ask for 1 to {maximum}, or leave it out for {default}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_size_above_maximum_is_lowered() {
        for (requested, lists, searches) in [
            (0, 50, 20),
            (1, 1, 1),
            (100, 100, 100),
            (101, 101, 100),
            (500, 500, 100),
            (501, 500, 100),
            (1_000, 500, 100),
            (i32::MAX, 500, 100),
        ] {
            assert_eq!(size(requested), Ok(lists), "{requested}");
            assert_eq!(size_within(requested, 20, 100), Ok(searches), "{requested}");
        }
    }

    #[test]
    fn token_with_nul_is_refused() {
        for place in ["a\0b", "\0"] {
            for token in [encode(&place), encode(&[place]), encode(&[("key", place)])] {
                assert!(decode::<Value>(&token).is_err(), "{token}");
            }
        }
        let token = encode(&r"a\u0000b");
        assert_eq!(decode::<String>(&token).unwrap(), r"a\u0000b");
    }

    #[test]
    fn negative_page_size_is_refused() {
        for requested in [-1, i32::MIN] {
            let violation = size(requested).unwrap_err();
            assert_eq!(violation.field, "page_size");
            assert_eq!(
                violation.description,
                "must not be negative; ask for 1 to 500, or leave it out for 50"
            );
        }
    }
}
