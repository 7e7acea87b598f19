//! Pages of lists: sizes and opaque tokens (AIP-158).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::grpc::FieldViolation;

const DEFAULT_SIZE: i64 = 50;
/// How many items a page can have.
pub const LARGEST: i32 = 500;

/// A page token that no list of this service has handed out.
#[derive(Debug, thiserror::Error)]
#[error("not a page token of this list: pass next_page_token of the answer before, as it is")]
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
    serde_json::from_slice(&json).map_err(|_| InvalidPageToken)
}

/// Returns how many items a page has: 50 if none was asked for, at most 500.
pub fn size(requested: i32) -> Result<i64, FieldViolation> {
    match requested {
        0 => Ok(DEFAULT_SIZE),
        1..=LARGEST => Ok(i64::from(requested)),
        _ => Err(FieldViolation::new(
            "page_size",
            format!("must be between 1 and {LARGEST}, or left out for {DEFAULT_SIZE}"),
        )),
    }
}
