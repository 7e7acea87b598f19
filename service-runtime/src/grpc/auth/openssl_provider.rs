//! Cryptography of JSON Web Tokens by OpenSSL, which verifies TLS certificates as well: HS256, RS256, ES256 and EdDSA (RFC 7518, RFC 8037).

use std::error::Error;

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey, Header, Validation,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{self, ErrorKind},
    signature,
};
use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcKey, EcPoint},
    ecdsa::EcdsaSig,
    error::ErrorStack,
    hash::MessageDigest,
    memcmp,
    nid::Nid,
    pkey::{HasPublic, Id, PKey, Private, Public},
    rsa::Rsa,
    sign,
};
use serde::{Serialize, de::DeserializeOwned};

/// Bytes of each of the two numbers of an ES256 signature.
const ES256_NUMBER_BYTES: usize = 32;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Signs a token.
pub(super) fn encode(
    header: &Header,
    claims: &impl Serialize,
    key: &EncodingKey,
) -> errors::Result<String> {
    install();
    jsonwebtoken::encode(header, claims, key)
}

/// Verifies a token and returns its claims.
pub(super) fn decode<C: DeserializeOwned>(
    token: &str,
    key: &DecodingKey,
    validation: &Validation,
) -> errors::Result<C> {
    install();
    Ok(jsonwebtoken::decode(token, key, validation)?.claims)
}

fn install() {
    // Fails when it is installed already.
    let _ = PROVIDER.install_default();
}

struct Key<T> {
    algorithm: Algorithm,
    key: PKey<T>,
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> errors::Result<Box<dyn JwtSigner>> {
    if key.family() != family(*algorithm)? {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    let bytes = key.as_bytes();
    let read = match algorithm {
        Algorithm::HS256 => PKey::hmac(bytes),
        Algorithm::RS256 => Rsa::private_key_from_der(bytes).and_then(PKey::from_rsa),
        _ => PKey::private_key_from_pkcs8(bytes),
    };
    let key = read.map_err(|_| ErrorKind::InvalidKeyFormat)?;
    check_curve(*algorithm, &key)?;
    let algorithm = *algorithm;
    Ok(Box::new(Key { algorithm, key }))
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> errors::Result<Box<dyn JwtVerifier>> {
    if key.family() != family(*algorithm)? {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    let algorithm = *algorithm;
    if algorithm == Algorithm::HS256 {
        let key = PKey::hmac(key.try_get_as_bytes()?).map_err(|_| ErrorKind::InvalidKeyFormat)?;
        return Ok(Box::new(Key { algorithm, key }));
    }
    let key = public_key(algorithm, key.kind()).map_err(|_| ErrorKind::InvalidKeyFormat)?;
    check_curve(algorithm, &key)?;
    Ok(Box::new(Key { algorithm, key }))
}

fn public_key(algorithm: Algorithm, key: &DecodingKeyKind) -> Result<PKey<Public>, ErrorStack> {
    match (algorithm, key) {
        (_, DecodingKeyKind::RsaModulusExponent { n, e }) => {
            let (n, e) = (BigNum::from_slice(n)?, BigNum::from_slice(e)?);
            PKey::from_rsa(Rsa::from_public_components(n, e)?)
        }
        (Algorithm::RS256, DecodingKeyKind::SecretOrDer(der)) => {
            PKey::from_rsa(Rsa::public_key_from_der_pkcs1(der)?)
        }
        (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => {
            let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
            let mut context = BigNumContext::new()?;
            let point = EcPoint::from_bytes(&group, point, &mut context)?;
            let key = EcKey::from_public_key(&group, &point)?;
            key.check_key()?;
            PKey::from_ec_key(key)
        }
        (_, DecodingKeyKind::SecretOrDer(bytes)) => {
            PKey::public_key_from_raw_bytes(bytes, Id::ED25519)
        }
    }
}

/// Returns the kind of key that an algorithm needs.
fn family(algorithm: Algorithm) -> errors::Result<AlgorithmFamily> {
    match algorithm {
        Algorithm::HS256 => Ok(AlgorithmFamily::Hmac),
        Algorithm::RS256 => Ok(AlgorithmFamily::Rsa),
        Algorithm::ES256 => Ok(AlgorithmFamily::Ec),
        Algorithm::EdDSA => Ok(AlgorithmFamily::Ed),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

fn check_curve<T: HasPublic>(algorithm: Algorithm, key: &PKey<T>) -> errors::Result<()> {
    let fits = match algorithm {
        Algorithm::ES256 => key
            .ec_key()
            .is_ok_and(|key| key.group().curve_name() == Some(Nid::X9_62_PRIME256V1)),
        Algorithm::EdDSA => key.id() == Id::ED25519,
        _ => true,
    };
    if fits {
        Ok(())
    } else {
        Err(ErrorKind::InvalidKeyFormat.into())
    }
}

/// Returns the digest of an algorithm; EdDSA has its own.
fn digest(algorithm: Algorithm) -> Option<MessageDigest> {
    (algorithm != Algorithm::EdDSA).then(MessageDigest::sha256)
}

impl Key<Private> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let mut signer = match digest(self.algorithm) {
            Some(digest) => sign::Signer::new(digest, &self.key)?,
            None => sign::Signer::new_without_digest(&self.key)?,
        };
        let signature = signer.sign_oneshot_to_vec(message)?;
        if self.algorithm != Algorithm::ES256 {
            return Ok(signature);
        }
        let signature = EcdsaSig::from_der(&signature)?;
        let mut numbers = signature.r().to_vec_padded(ES256_NUMBER_BYTES as i32)?;
        numbers.extend(signature.s().to_vec_padded(ES256_NUMBER_BYTES as i32)?);
        Ok(numbers)
    }
}

impl Key<Public> {
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<bool, ErrorStack> {
        let mut verifier = match digest(self.algorithm) {
            Some(digest) => sign::Verifier::new(digest, &self.key)?,
            None => sign::Verifier::new_without_digest(&self.key)?,
        };
        if self.algorithm != Algorithm::ES256 {
            return verifier.verify_oneshot(signature, message);
        }
        if signature.len() != 2 * ES256_NUMBER_BYTES {
            return Ok(false);
        }
        let (r, s) = signature.split_at(ES256_NUMBER_BYTES);
        let (r, s) = (BigNum::from_slice(r)?, BigNum::from_slice(s)?);
        let signature = EcdsaSig::from_private_components(r, s)?.to_der()?;
        verifier.verify_oneshot(&signature, message)
    }
}

fn failed(error: impl Error + Send + Sync + 'static) -> signature::Error {
    signature::Error::from_source(error)
}

fn accepted(valid: bool) -> Result<(), signature::Error> {
    valid.then_some(()).ok_or_else(signature::Error::new)
}

impl signature::Signer<Vec<u8>> for Key<Private> {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        self.sign(message).map_err(failed)
    }
}

impl signature::Verifier<Vec<u8>> for Key<Public> {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        accepted(Key::verify(self, message, signature).map_err(failed)?)
    }
}

/// A shared secret verifies by signing again.
impl signature::Verifier<Vec<u8>> for Key<Private> {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let expected = self.sign(message).map_err(failed)?;
        accepted(expected.len() == signature.len() && memcmp::eq(&expected, signature))
    }
}

impl JwtSigner for Key<Private> {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl JwtVerifier for Key<Private> {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl JwtVerifier for Key<Public> {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::jwk::Jwk;
    use serde_json::json;

    use super::*;

    const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

    fn verify(signature: &str, message: &str, key: &DecodingKey, algorithm: Algorithm) -> bool {
        install();
        jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, algorithm)
            .is_ok_and(|valid| valid)
    }

    #[test]
    fn examples_of_the_rfcs_verify() {
        // RFC 7515, A.1 to A.3, and RFC 8037, A.4.
        for (algorithm, key, header, payload, signature) in [
            (
                Algorithm::HS256,
                json!({"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}),
                "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
                CLAIMS,
                "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            ),
            (
                Algorithm::RS256,
                json!({"kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}),
                "eyJhbGciOiJSUzI1NiJ9",
                CLAIMS,
                "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
            ),
            (
                Algorithm::ES256,
                json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}),
                "eyJhbGciOiJFUzI1NiJ9",
                CLAIMS,
                "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
            ),
            (
                Algorithm::EdDSA,
                json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}),
                "eyJhbGciOiJFZERTQSJ9",
                "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
                "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
            ),
        ] {
            let jwk: Jwk = serde_json::from_value(key).unwrap();
            let key = DecodingKey::from_jwk(&jwk).unwrap();
            let message = format!("{header}.{payload}");
            assert!(
                verify(signature, &message, &key, algorithm),
                "{algorithm:?}"
            );
            assert!(
                !verify(signature, &format!("{message}A"), &key, algorithm),
                "{algorithm:?}"
            );
            assert!(
                !verify(&signature[..signature.len() - 4], &message, &key, algorithm),
                "{algorithm:?}"
            );
            assert!(!verify("", &message, &key, algorithm), "{algorithm:?}");
        }
    }

    #[test]
    fn points_off_the_curve_and_other_algorithms_are_refused() {
        let point = [4; 65];
        let key = DecodingKey::from_ec_der(&point);
        assert!(verifier(&Algorithm::ES256, &key).is_err());
        assert!(verifier(&Algorithm::ES384, &key).is_err());
        assert!(verifier(&Algorithm::HS256, &key).is_err());
    }
}
