//! Signs tokens.

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use super::{
    claims::{Actor, MintedClaims},
    config::{AuthConfig, AuthConfigError, IssuerConfig},
    openssl_provider,
};
use crate::{
    config::Redacted,
    ids::{Ids, UserId},
};

const MINIMUM_SECRET_BYTES: usize = 32;

/// Mints a user's token with these roles and the shared secret of the users' issuer; fails if it has none.
pub fn mint_user_token(
    users: &IssuerConfig,
    user: &UserId,
    roles: &[String],
    time_to_live: Duration,
) -> Result<String, AuthConfigError> {
    Ok(Signer::with_secret("users", users)?.sign(user, None, roles, time_to_live))
}

/// Signs tokens in the name of one issuer.
pub(super) struct Signer {
    header: Header,
    key: EncodingKey,
    issuer: String,
    audience: String,
    ids: Ids,
}

impl Signer {
    /// Signs with the issuer's shared secret.
    pub(super) fn with_secret(group: &str, issuer: &IssuerConfig) -> Result<Self, AuthConfigError> {
        let secret = issuer.secret.as_ref().ok_or_else(|| {
            AuthConfigError::setting(
                &format!("{group}.secret"),
                "is needed to sign tokens; with published keys only their owner can",
            )
        })?;
        let key = EncodingKey::from_secret(checked_secret(group, secret)?);
        Ok(Self::new(Header::new(Algorithm::HS256), key, issuer))
    }

    /// Signs for the mesh, with the private key if there is one, else with the shared secret.
    pub(super) fn for_mesh(config: &AuthConfig) -> Result<Self, AuthConfigError> {
        let Some(path) = &config.signing_key_file else {
            return Self::with_secret("mesh", &config.mesh);
        };
        let setting = "signing_key_file";
        let pem = AuthConfigError::read(setting, path)?;
        for algorithm in [Algorithm::ES256, Algorithm::EdDSA] {
            let key = match algorithm {
                Algorithm::ES256 => EncodingKey::from_ec_pem(&pem),
                _ => EncodingKey::from_ed_pem(&pem),
            };
            let mut header = Header::new(algorithm);
            header.kid.clone_from(&config.signing_key_id);
            // A key of another curve shows itself only when it signs.
            if let Ok(key) = key
                && openssl_provider::encode(&header, &(), &key).is_ok()
            {
                return Ok(Self::new(header, key, &config.mesh));
            }
        }
        Err(AuthConfigError::setting(
            setting,
            "must be a PKCS #8 PEM file with a private key of kind EC P-256 or Ed25519",
        ))
    }

    fn new(header: Header, key: EncodingKey, issuer: &IssuerConfig) -> Self {
        Self {
            header,
            key,
            issuer: issuer.issuer.clone(),
            audience: issuer.audience.clone(),
            ids: Ids,
        }
    }

    /// Signs a token for the user, with these roles, used by the named service if any.
    pub(super) fn sign(
        &self,
        user: &UserId,
        service: Option<&str>,
        roles: &[String],
        lifetime: Duration,
    ) -> String {
        let now = jsonwebtoken::get_current_timestamp();
        let claims = MintedClaims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: user.as_ref(),
            iat: now,
            exp: now.saturating_add(lifetime.as_secs()),
            jti: self.ids.uuid_v7().to_string(),
            act: service.map(|sub| Actor { sub }),
            roles,
        };
        self.encode(&claims)
    }

    /// Signs any claims.
    pub(super) fn encode(&self, claims: &impl Serialize) -> String {
        openssl_provider::encode(&self.header, claims, &self.key)
            .expect("the key was tried when it was read, and the claims are plain text")
    }

    /// Returns the issuer in whose name it signs.
    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }
}

/// Hands out a shared secret that is long enough for HS256.
pub(super) fn checked_secret<'a>(
    group: &str,
    secret: &'a Redacted<String>,
) -> Result<&'a [u8], AuthConfigError> {
    let secret = secret.expose().as_bytes();
    if secret.len() < MINIMUM_SECRET_BYTES {
        return Err(AuthConfigError::setting(
            &format!("{group}.secret"),
            format_args!("must have at least {MINIMUM_SECRET_BYTES} bytes"),
        ));
    }
    Ok(secret)
}
