//! Issuers of tokens and their keys.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use url::Url;

use crate::config::Redacted;

/// Verification and minting of tokens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthConfig {
    /// Issuer of the tokens of users.
    pub users: IssuerConfig,
    /// Issuer of the tokens that services of the mesh use among themselves.
    pub mesh: IssuerConfig,
    /// A PKCS #8 PEM file with the private key (EC P-256 or Ed25519) that signs this service's tokens; without it the
    /// mesh's shared secret does.
    pub signing_key_file: Option<PathBuf>,
    /// The id of that key in the mesh's key set (`kid`).
    pub signing_key_id: Option<String>,
}

/// One issuer of tokens and its keys: exactly one of `secret`, `jwks_file` and `jwks_url` is set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// The issuer that tokens name (`iss`).
    pub issuer: String,
    /// The audience that tokens must be meant for (`aud`).
    pub audience: String,
    /// A shared secret of at least 32 bytes (HS256), for development.
    pub secret: Option<Redacted<String>>,
    /// A file with the issuer's public keys (JSON Web Key Set).
    pub jwks_file: Option<PathBuf>,
    /// URL of the issuer's public keys (JSON Web Key Set).
    pub jwks_url: Option<Url>,
}

/// Invalid setting of the auth configuration, with a hint.
#[derive(Debug, thiserror::Error)]
#[error("auth.{0}")]
pub struct AuthConfigError(String);

impl AuthConfigError {
    pub(super) fn setting(setting: &str, hint: impl fmt::Display) -> Self {
        Self(format!("{setting}: {hint}"))
    }

    /// Reads the file of a setting.
    pub(super) fn read(setting: &str, path: &Path) -> Result<Vec<u8>, Self> {
        fs::read(path).map_err(|cause| {
            Self::setting(
                setting,
                format_args!("cannot read {}: {cause}", path.display()),
            )
        })
    }
}
