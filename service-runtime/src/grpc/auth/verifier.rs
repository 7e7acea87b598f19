//! Tells from a token who calls.

use std::{sync::Arc, time::Duration};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, errors::ErrorKind};
use moka::sync::Cache;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    claims::Claims,
    config::{AuthConfig, AuthConfigError, IssuerConfig},
    error::AuthError,
    jwks,
    keys::{Key, KeySet},
    mint, openssl_provider,
    remote::RemoteKeys,
};
use crate::grpc::Caller;

const LEEWAY_SECONDS: u64 = 30;
const MAXIMUM_BYTES: usize = 8 * 1024;
/// How long a token that was verified is believed without looking at it again, which is also how long a key still counts after
/// its issuer has taken it back.
const BELIEVED: Duration = Duration::from_secs(30);
/// What the tokens that are believed may take of memory.
const MOST_BELIEVED_BYTES: u64 = 8 * 1024 * 1024;

/// Verifies bearer tokens of the two issuers.
#[derive(Clone)]
pub struct Verifier {
    issuers: Arc<Issuers>,
    believed: Cache<String, Verified>,
}

/// What a token says that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Who calls.
    pub caller: Caller,
    /// When the token expires, in seconds since 1970.
    pub expire_time: u64,
}

impl Verified {
    /// Returns how long the token is still valid, for what goes on beyond one call.
    pub fn time_left(&self) -> Duration {
        let now = jsonwebtoken::get_current_timestamp();
        Duration::from_secs(self.expire_time.saturating_sub(now))
    }
}

struct Issuers {
    users: Issuer,
    mesh: Issuer,
}

struct Issuer {
    name: String,
    audience: String,
    keys: Keys,
}

enum Keys {
    Fixed(Arc<KeySet>),
    Remote(RemoteKeys),
}

#[derive(Deserialize)]
struct Unverified {
    iss: Option<Value>,
}

impl Verifier {
    /// Checks the configuration and reads key files; URLs are fetched with the first token.
    pub fn new(config: &AuthConfig) -> Result<Self, AuthConfigError> {
        if config.users.issuer == config.mesh.issuer {
            return Err(AuthConfigError::setting(
                "mesh.issuer",
                "must differ from users.issuer, because only the mesh may act for users",
            ));
        }
        let issuers = Issuers {
            users: Issuer::new("users", &config.users)?,
            mesh: Issuer::new("mesh", &config.mesh)?,
        };
        let believed = Cache::builder()
            .weigher(|token: &String, _| u32::try_from(2 * token.len() + 200).unwrap_or(u32::MAX))
            .max_capacity(MOST_BELIEVED_BYTES)
            .time_to_live(BELIEVED)
            .build();
        Ok(Self {
            issuers: Arc::new(issuers),
            believed,
        })
    }

    /// Returns who calls, if the token's signature, issuer, audience, times and subject are right.
    ///
    /// Only tokens that were right are remembered, for 30 seconds and never beyond their end.
    pub async fn verify(&self, token: &str) -> Result<Caller, AuthError> {
        let verified = self.verify_until(token).await?;
        Ok(verified.caller)
    }

    /// Returns who calls, and until when the token says so.
    pub async fn verify_until(&self, token: &str) -> Result<Verified, AuthError> {
        if let Some(believed) = self.believed.get(token)
            && jsonwebtoken::get_current_timestamp() < believed.expire_time
        {
            return Ok(believed);
        }
        let verified = self.verify_anew(token).await?;
        self.believed.insert(token.to_owned(), verified.clone());
        Ok(verified)
    }

    async fn verify_anew(&self, token: &str) -> Result<Verified, AuthError> {
        if token.len() > MAXIMUM_BYTES {
            return Err(AuthError::Malformed);
        }
        // The issuer is believed only as far as to choose the keys that then have to fit.
        let unverified: Unverified = jsonwebtoken::dangerous::insecure_decode_claims(token)
            .map_err(|_| AuthError::Malformed)?;
        let issuer = unverified.iss.as_ref().and_then(Value::as_str);
        let Issuers { users, mesh } = &*self.issuers;
        match issuer {
            Some(name) if name == users.name => {
                let claims: Claims = users.verify(token, &users.audience).await?;
                Ok(Verified {
                    expire_time: claims.expire_time(),
                    caller: claims.user()?,
                })
            }
            Some(name) if name == mesh.name => {
                let claims: Claims = mesh.verify(token, &mesh.audience).await?;
                Ok(Verified {
                    expire_time: claims.expire_time(),
                    caller: claims.service()?,
                })
            }
            _ => Err(AuthError::Invalid),
        }
    }

    /// Returns the claims of what a service of the mesh signed for this audience.
    pub(super) async fn verify_mesh<C: DeserializeOwned>(
        &self,
        token: &str,
        audience: &str,
    ) -> Result<C, AuthError> {
        if token.len() > MAXIMUM_BYTES {
            return Err(AuthError::Malformed);
        }
        self.issuers.mesh.verify(token, audience).await
    }
}

impl Issuer {
    fn new(group: &str, config: &IssuerConfig) -> Result<Self, AuthConfigError> {
        for (field, value) in [("issuer", &config.issuer), ("audience", &config.audience)] {
            if value.is_empty() {
                let setting = format!("{group}.{field}");
                return Err(AuthConfigError::setting(&setting, "must not be empty"));
            }
        }
        Ok(Self {
            name: config.issuer.clone(),
            audience: config.audience.clone(),
            keys: Keys::new(group, config)?,
        })
    }

    async fn verify<C: DeserializeOwned>(
        &self,
        token: &str,
        audience: &str,
    ) -> Result<C, AuthError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| AuthError::Malformed)?;
        let keys = match &self.keys {
            Keys::Fixed(keys) => keys.clone(),
            Keys::Remote(remote) => remote.keys(header.kid.as_deref()).await?,
        };
        let key = keys.find(header.alg, header.kid.as_deref())?;

        let mut validation = Validation::new(key.algorithm);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.name]);
        validation.set_audience(&[audience]);
        openssl_provider::decode(token, &key.key, &validation)
            .map_err(|error| refusal(error.kind()))
    }
}

impl Keys {
    fn new(group: &str, config: &IssuerConfig) -> Result<Self, AuthConfigError> {
        match (&config.secret, &config.jwks_file, &config.jwks_url) {
            (Some(secret), None, None) => {
                let secret = mint::checked_secret(group, secret)?;
                Ok(Self::Fixed(Arc::new(KeySet::of_secret(secret))))
            }
            (None, Some(path), None) => {
                let setting = format!("{group}.jwks_file");
                let text = AuthConfigError::read(&setting, path)?;
                let keys = jwks::parse(&text)
                    .map_err(|cause| AuthConfigError::setting(&setting, cause))?;
                Ok(Self::Fixed(Arc::new(keys)))
            }
            (None, None, Some(url)) => {
                let setting = format!("{group}.jwks_url");
                if !matches!(url.scheme(), "http" | "https") {
                    let hint = "must begin with https:// or http://";
                    return Err(AuthConfigError::setting(&setting, hint));
                }
                let keys = RemoteKeys::new(url.clone())
                    .map_err(|cause| AuthConfigError::setting(&setting, cause))?;
                Ok(Self::Remote(keys))
            }
            _ => Err(AuthConfigError::setting(
                group,
                "set exactly one of secret, jwks_file and jwks_url",
            )),
        }
    }
}

impl KeySet {
    fn of_secret(secret: &[u8]) -> Self {
        Self(vec![Key {
            id: None,
            algorithm: Algorithm::HS256,
            key: DecodingKey::from_secret(secret),
        }])
    }
}

fn refusal(kind: &ErrorKind) -> AuthError {
    match kind {
        ErrorKind::ExpiredSignature => AuthError::Expired,
        ErrorKind::ImmatureSignature => AuthError::NotYetValid,
        ErrorKind::MissingRequiredClaim(claim) | ErrorKind::InvalidClaimFormat(claim) => {
            match claim.as_str() {
                "exp" => AuthError::Claim("exp"),
                "nbf" => AuthError::Claim("nbf"),
                "sub" => AuthError::Claim("sub"),
                _ => AuthError::Invalid,
            }
        }
        ErrorKind::InvalidToken
        | ErrorKind::Base64(_)
        | ErrorKind::Json(_)
        | ErrorKind::Utf8(_) => AuthError::Malformed,
        _ => AuthError::Invalid,
    }
}

#[cfg(test)]
#[path = "verifier_tests.rs"]
mod tests;
