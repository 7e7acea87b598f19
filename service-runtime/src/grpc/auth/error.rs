//! Why a token is not accepted.

use super::super::error::{ApiError, ErrorCode};
use crate::BoxError;

/// The reason why a call is not accepted as anybody's.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The call has no token.
    #[error("no bearer token; send the header \"authorization: Bearer <token>\"")]
    Missing,
    /// The token is not a signed JWT with an algorithm that is accepted anywhere.
    #[error("the bearer token is malformed; send a signed JWT exactly as issued")]
    Malformed,
    /// The token was valid once.
    #[error("the bearer token has expired; get a new one")]
    Expired,
    /// The token's time has not come.
    #[error("the bearer token is not valid yet; check the clock of its issuer")]
    NotYetValid,
    /// The token lacks a claim that every token needs.
    #[error("the bearer token has no valid claim \"{0}\"; get one that has it")]
    Claim(&'static str),
    /// The signature, the issuer or the audience is not the one that is expected.
    #[error("the bearer token is not accepted here; get one for this system from its issuer")]
    Invalid,
    /// The issuer's keys cannot be fetched, so nothing can be said about the token.
    #[error("the keys of the issuer cannot be fetched")]
    KeysUnavailable(#[source] BoxError),
}

impl ApiError for AuthError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::KeysUnavailable(_) => ErrorCode::Unavailable,
            _ => ErrorCode::Unauthenticated,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Missing => "TOKEN_MISSING",
            Self::Malformed => "TOKEN_MALFORMED",
            Self::Expired => "TOKEN_EXPIRED",
            Self::NotYetValid | Self::Claim(_) | Self::Invalid => "TOKEN_INVALID",
            Self::KeysUnavailable(_) => "KEYS_UNAVAILABLE",
        }
    }
}
