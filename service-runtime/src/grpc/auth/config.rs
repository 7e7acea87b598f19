//! Who may issue tokens, and with which keys.

use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

use crate::config::Redacted;

/// How tokens are verified and minted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthConfig {
    /// Who issues the tokens of users.
    pub users: IssuerConfig,
    /// Who issues the tokens that services of the mesh use among themselves.
    pub mesh: IssuerConfig,
    /// A PKCS #8 PEM file with the private key (EC P-256 or Ed25519) that signs this service's tokens; without it the
    /// mesh's shared secret does.
    #[serde(default)]
    pub signing_key_file: Option<PathBuf>,
    /// The id of that key in the mesh's key set (`kid`).
    #[serde(default)]
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
    #[serde(default)]
    pub secret: Option<Redacted<String>>,
    /// A file with the issuer's public keys (JSON Web Key Set).
    #[serde(default)]
    pub jwks_file: Option<PathBuf>,
    /// Where the issuer publishes its public keys (JSON Web Key Set).
    #[serde(default)]
    pub jwks_url: Option<Url>,
}

/// An auth configuration that cannot be used; names the setting and the cure.
#[derive(Debug, thiserror::Error)]
pub enum AuthConfigError {
    /// A setting is wrong or missing.
    #[error("auth.{setting}: {cure}")]
    Setting { setting: String, cure: String },
    /// A file cannot be read.
    #[error("auth.{setting}: cannot read {}", path.display())]
    File {
        setting: String,
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
}

impl AuthConfigError {
    pub(super) fn setting(setting: impl Into<String>, cure: impl Into<String>) -> Self {
        Self::Setting {
            setting: setting.into(),
            cure: cure.into(),
        }
    }
}
