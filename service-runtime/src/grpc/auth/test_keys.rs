//! Issuers and keys for tests.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcKey},
    nid::Nid,
    pkey::{PKey, Private},
    rsa::Rsa,
};
use serde_json::{Value, json};

use super::{
    config::{AuthConfig, IssuerConfig},
    openssl_provider,
};
use crate::config::Redacted;

/// The secret of the users' issuer.
pub(super) const USERS_SECRET: &str = "a secret of users with 32 bytes!";
/// The secret of the mesh.
pub(super) const MESH_SECRET: &str = "a secret of the mesh of 32 bytes";

/// Two issuers with shared secrets.
pub(super) fn config() -> AuthConfig {
    AuthConfig {
        users: issuer("users", USERS_SECRET),
        mesh: issuer("mesh", MESH_SECRET),
        signing_key_file: None,
        signing_key_id: None,
    }
}

/// An issuer of this name with a shared secret, for the audience "taskmesh".
pub(super) fn issuer(name: &str, secret: &str) -> IssuerConfig {
    IssuerConfig {
        issuer: name.to_owned(),
        audience: "taskmesh".to_owned(),
        secret: Some(Redacted::new(secret.to_owned())),
        jwks_file: None,
        jwks_url: None,
    }
}

/// A key pair of one algorithm.
pub(super) struct KeyPair {
    pub(super) algorithm: Algorithm,
    key: PKey<Private>,
    jwk: Value,
}

impl KeyPair {
    pub(super) fn rs256() -> Self {
        let rsa = Rsa::generate(2048).unwrap();
        let jwk = json!({"kty": "RSA", "alg": "RS256", "use": "sig",
            "n": BASE64.encode(rsa.n().to_vec()), "e": BASE64.encode(rsa.e().to_vec())});
        Self::new(Algorithm::RS256, PKey::from_rsa(rsa).unwrap(), jwk)
    }

    pub(super) fn es256() -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = EcKey::generate(&group).unwrap();
        let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
        let mut context = BigNumContext::new().unwrap();
        let point = key.public_key();
        point
            .affine_coordinates(&group, &mut x, &mut y, &mut context)
            .unwrap();
        let jwk = json!({"kty": "EC", "crv": "P-256",
            "x": BASE64.encode(x.to_vec_padded(32).unwrap()), "y": BASE64.encode(y.to_vec_padded(32).unwrap())});
        Self::new(Algorithm::ES256, PKey::from_ec_key(key).unwrap(), jwk)
    }

    pub(super) fn eddsa() -> Self {
        let key = PKey::generate_ed25519().unwrap();
        let jwk = json!({"kty": "OKP", "crv": "Ed25519",
            "x": BASE64.encode(key.raw_public_key().unwrap())});
        Self::new(Algorithm::EdDSA, key, jwk)
    }

    fn new(algorithm: Algorithm, key: PKey<Private>, jwk: Value) -> Self {
        Self {
            algorithm,
            key,
            jwk,
        }
    }

    /// The public key with this id, as it stands in a key set.
    pub(super) fn jwk(&self, id: &str) -> Value {
        let mut jwk = self.jwk.clone();
        jwk["kid"] = id.into();
        jwk
    }

    /// The private key as PKCS #8 PEM.
    pub(super) fn private_pem(&self) -> Vec<u8> {
        self.key.private_key_to_pem_pkcs8().unwrap()
    }

    /// The public key as PEM.
    pub(super) fn public_pem(&self) -> Vec<u8> {
        self.key.public_key_to_pem().unwrap()
    }

    /// A token signed with the key.
    pub(super) fn sign(&self, id: &str, claims: &Value) -> String {
        let pem = self.private_pem();
        let key = match self.algorithm {
            Algorithm::RS256 => EncodingKey::from_rsa_pem(&pem),
            Algorithm::ES256 => EncodingKey::from_ec_pem(&pem),
            _ => EncodingKey::from_ed_pem(&pem),
        };
        let mut header = Header::new(self.algorithm);
        header.kid = Some(id.to_owned());
        openssl_provider::encode(&header, claims, &key.unwrap()).unwrap()
    }
}

/// A token signed with a shared secret.
pub(super) fn sign_with_secret(secret: &[u8], claims: &Value) -> String {
    let key = EncodingKey::from_secret(secret);
    openssl_provider::encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
}

/// The claims of a good token of Alice's from the users' issuer.
pub(super) fn claims() -> Value {
    let now = jsonwebtoken::get_current_timestamp();
    json!({"iss": "users", "aud": "taskmesh", "sub": "alice", "exp": now + 300, "jti": "t1"})
}
