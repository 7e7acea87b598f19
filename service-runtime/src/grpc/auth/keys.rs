//! Keys that verify signatures, each bound to one algorithm.

use jsonwebtoken::{Algorithm, DecodingKey};

use super::error::AuthError;

/// A key that verifies signatures of one algorithm; never another, whatever a token says.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

impl Key {
    fn fits(&self, id: Option<&str>) -> bool {
        id.is_none() || self.id.is_none() || self.id.as_deref() == id
    }
}

/// The keys of one issuer at one time.
#[derive(Debug, Clone)]
pub(super) struct KeySet(pub(super) Vec<Key>);

impl KeySet {
    /// Tells whether a key that may be meant by this id is in the set.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.fits(Some(id)))
    }

    /// Returns the key for a token that names this algorithm and, if it does, this key id.
    ///
    /// A token without a key id fits only if there is no choice.
    pub(super) fn find(&self, algorithm: Algorithm, id: Option<&str>) -> Result<&Key, AuthError> {
        let mut fitting = self
            .0
            .iter()
            .filter(|key| key.algorithm == algorithm && key.fits(id));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            _ => Err(AuthError::Invalid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, algorithm: Algorithm) -> Key {
        Key {
            id: Some(id.to_owned()),
            algorithm,
            key: DecodingKey::from_secret(b"not used"),
        }
    }

    #[test]
    fn a_key_is_found_by_its_id_and_only_for_its_own_algorithm() {
        let keys = KeySet(vec![key("a", Algorithm::RS256), key("b", Algorithm::ES256)]);
        assert!(keys.find(Algorithm::RS256, Some("a")).is_ok());
        assert!(keys.find(Algorithm::RS256, Some("b")).is_err());
        assert!(keys.find(Algorithm::HS256, Some("a")).is_err());
    }

    #[test]
    fn without_an_id_a_key_is_taken_only_if_there_is_no_choice() {
        let mut keys = KeySet(vec![key("a", Algorithm::RS256), key("b", Algorithm::ES256)]);
        assert!(keys.find(Algorithm::RS256, None).is_ok());
        keys.0.push(key("c", Algorithm::RS256));
        assert!(keys.find(Algorithm::RS256, None).is_err());
    }
}
