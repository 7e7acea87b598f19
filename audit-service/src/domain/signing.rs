//! The keys that seal checkpoints.

use openssl::{
    error::ErrorStack,
    pkey::{HasPublic, Id, PKey, PKeyRef, Private, Public},
    sha::sha256,
    sign::{Signer, Verifier},
};

use super::checkpoint::{Checkpoint, Seal};

/// Unusable key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file holds no such key.
    #[error(
        "must be a PEM file with an Ed25519 key, such as created by `openssl genpkey -algorithm ed25519`"
    )]
    Format(#[from] ErrorStack),
    /// The key is of another kind.
    #[error(
        "must be a key of kind Ed25519, such as created by `openssl genpkey -algorithm ed25519`"
    )]
    Kind,
}

/// The private key that signs checkpoints.
#[derive(Clone)]
pub struct SigningKey {
    key: PKey<Private>,
    id: String,
}

/// A public key that checkpoints can be checked with.
#[derive(Clone)]
pub struct VerifyingKey {
    key: PKey<Public>,
    id: String,
}

impl SigningKey {
    /// Reads a private key from PEM (PKCS #8).
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let key = PKey::private_key_from_pem(pem)?;
        let id = key_id(&key)?;
        Ok(Self { key, id })
    }

    /// Returns the id of the key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the public half.
    pub fn public(&self) -> Result<VerifyingKey, KeyError> {
        let raw = self.key.raw_public_key()?;
        let key = PKey::public_key_from_raw_bytes(&raw, Id::ED25519)?;
        Ok(VerifyingKey {
            key,
            id: self.id.clone(),
        })
    }

    /// Signs a seal.
    pub fn sign(&self, seal: Seal) -> Result<Checkpoint, ErrorStack> {
        let mut signer = Signer::new_without_digest(&self.key)?;
        let signature = signer.sign_oneshot_to_vec(seal.hash().as_bytes())?;
        Ok(Checkpoint { seal, signature })
    }
}

impl VerifyingKey {
    /// Reads a public key from PEM.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let key = PKey::public_key_from_pem(pem)?;
        let id = key_id(&key)?;
        Ok(Self { key, id })
    }

    /// Returns the key as PEM, for checks outside the service.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let pem = self.key.public_key_to_pem()?;
        Ok(String::from_utf8_lossy(&pem).into_owned())
    }

    /// Returns the id of the key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns whether this key has signed a checkpoint.
    pub fn has_signed(&self, checkpoint: &Checkpoint) -> bool {
        let hash = checkpoint.seal.hash();
        checkpoint.seal.key_id == self.id
            && Verifier::new_without_digest(&self.key)
                .and_then(|mut verifier| {
                    verifier.verify_oneshot(&checkpoint.signature, hash.as_bytes())
                })
                // A signature of another form is none.
                .unwrap_or(false)
    }
}

fn key_id<T: HasPublic>(key: &PKeyRef<T>) -> Result<String, KeyError> {
    if key.id() != Id::ED25519 {
        return Err(KeyError::Kind);
    }
    let digest = sha256(&key.raw_public_key()?);
    Ok(digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::domain::hash::Hash;

    fn key() -> SigningKey {
        let key = PKey::generate_ed25519().unwrap();
        SigningKey::from_pem(&key.private_key_to_pem_pkcs8().unwrap()).unwrap()
    }

    fn seal(key: &SigningKey) -> Seal {
        Seal {
            event_id: Uuid::nil(),
            event_time: DateTime::from_timestamp_nanos(0),
            number: 1,
            previous_hash: Hash::ZERO,
            root_hash: Hash::ZERO,
            leaf_count: 0,
            record_count: 0,
            kept_from: None,
            key_id: key.id().to_owned(),
        }
    }

    #[test]
    fn a_signature_fits_one_seal_and_one_key() {
        let key = key();
        let signed = key.sign(seal(&key)).unwrap();
        let public =
            VerifyingKey::from_pem(key.public().unwrap().to_pem().unwrap().as_bytes()).unwrap();
        assert!(public.has_signed(&signed));

        let mut other_seal = signed.clone();
        other_seal.seal.record_count = 1;
        let mut other_signature = signed.clone();
        other_signature.signature[7] ^= 1;
        let mut cut = signed.clone();
        cut.signature.pop();
        for forged in [other_seal, other_signature, cut] {
            assert!(!public.has_signed(&forged), "{forged:?}");
        }
        let stranger = self::key();
        let mut claimed = seal(&stranger);
        claimed.key_id = key.id().to_owned();
        assert!(!public.has_signed(&stranger.sign(claimed).unwrap()));
    }

    #[test]
    fn keys_of_other_kinds_are_refused() {
        let other = PKey::generate_x25519().unwrap();
        let pem = other.private_key_to_pem_pkcs8().unwrap();
        assert!(matches!(SigningKey::from_pem(&pem), Err(KeyError::Kind)));
        assert!(matches!(
            SigningKey::from_pem(b"nothing"),
            Err(KeyError::Format(_))
        ));
    }
}
