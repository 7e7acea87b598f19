//! Resume tokens: positions that clients carry and can neither read nor make.
//!
//! A token is a synthetic initialisation vector and what was encrypted with it (the construction of RFC 5297, with HMAC-SHA-256 and
//! AES-256 in counter mode). The vector is a code of the user and the position, so it also proves that the token was made here, for
//! this user; and what a token tells nobody else is how much other users change. The same position of the same user makes the same
//! token, so there is no limit to how many tokens one secret may seal.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use openssl::{
    error::ErrorStack,
    hash::MessageDigest,
    memcmp,
    pkey::{PKey, Private},
    sign::Signer,
    symm::{self, Cipher},
};
use service_runtime::ids::UserId;

use super::Position;

const VERSION: u8 = 1;
const VECTOR_BYTES: usize = 16;
/// No token is longer.
const MOST_CHARACTERS: usize = 100;

/// A text that is no resume token of this user.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "is not a resume_token of this user; pass the last received one unchanged, or omit it and start with a snapshot"
)]
pub struct InvalidResumeToken;

/// Seals positions for users and opens what was sealed.
pub struct TokenKeys {
    /// The first one seals; all of them open.
    keys: Vec<Key>,
}

struct Key {
    code: PKey<Private>,
    cipher: Vec<u8>,
}

impl TokenKeys {
    /// Makes keys of secrets; the first one seals.
    ///
    /// # Errors
    ///
    /// Fails if there is no secret, or if OpenSSL lacks what is needed.
    pub fn new<'a>(secrets: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let keys = secrets.map(Key::new).collect::<Result<Vec<_>, _>>();
        let keys = keys.map_err(|cause| format!("tokens: OpenSSL cannot seal: {cause}"))?;
        match keys.is_empty() {
            true => Err("tokens.secret: must be set".to_owned()),
            false => Ok(Self { keys }),
        }
    }

    /// Makes the token of a position for a user.
    pub fn seal(&self, user: &UserId, position: &Position) -> String {
        let sealed = self.keys[0].seal(user, &position.to_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(sealed.expect("the key was tried when it was made"))
    }

    /// Reads the position in a user's token.
    ///
    /// # Errors
    ///
    /// Fails if the token was not sealed for this user with one of the secrets, or was changed since.
    pub fn open(&self, user: &UserId, token: &str) -> Result<Position, InvalidResumeToken> {
        if token.len() > MOST_CHARACTERS {
            return Err(InvalidResumeToken);
        }
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(token);
        let sealed = sealed.map_err(|_| InvalidResumeToken)?;
        let opened = self.keys.iter().find_map(|key| key.open(user, &sealed));
        opened.ok_or(InvalidResumeToken)
    }
}

impl Key {
    fn new(secret: &str) -> Result<Self, ErrorStack> {
        let secret = PKey::hmac(secret.as_bytes())?;
        let key = Self {
            code: PKey::hmac(&code(&secret, &[b"taskmesh resume token, code"])?)?,
            cipher: code(&secret, &[b"taskmesh resume token, cipher"])?,
        };
        let tried = [0; VECTOR_BYTES];
        symm::encrypt(Cipher::aes_256_ctr(), &key.cipher, Some(&tried), &tried)?;
        Ok(key)
    }

    fn seal(&self, user: &UserId, plain: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let vector = self.vector(user, plain)?;
        let hidden = symm::encrypt(Cipher::aes_256_ctr(), &self.cipher, Some(&vector), plain)?;
        Ok([&[VERSION], vector.as_slice(), &hidden].concat())
    }

    fn open(&self, user: &UserId, sealed: &[u8]) -> Option<Position> {
        let (version, rest) = sealed.split_first()?;
        let (vector, hidden) = rest.split_first_chunk::<VECTOR_BYTES>()?;
        if *version != VERSION {
            return None;
        }
        let cipher = Cipher::aes_256_ctr();
        let plain = symm::decrypt(cipher, &self.cipher, Some(vector), hidden).ok()?;
        let expected = self.vector(user, &plain).ok()?;
        match memcmp::eq(vector, &expected) {
            true => Position::from_bytes(&plain),
            false => None,
        }
    }

    fn vector(&self, user: &UserId, plain: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        // A user id has no control characters, so the two parts cannot be cut elsewhere.
        let parts = [&[VERSION], user.as_ref().as_bytes(), &[0], plain];
        let mut vector = code(&self.code, &parts)?;
        vector.truncate(VECTOR_BYTES);
        Ok(vector)
    }
}

fn code(key: &PKey<Private>, parts: &[&[u8]]) -> Result<Vec<u8>, ErrorStack> {
    let mut signer = Signer::new(MessageDigest::sha256(), key)?;
    for part in parts {
        signer.update(part)?;
    }
    signer.sign_to_vec()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn keys(secrets: &[&str]) -> TokenKeys {
        TokenKeys::new(secrets.iter().copied()).unwrap()
    }

    fn user(name: &str) -> UserId {
        name.parse().unwrap()
    }

    fn position(offset: i64) -> Position {
        Position {
            partition: 1,
            offset,
            event_id: Uuid::from_u128(0x0198_c0de),
        }
    }

    #[test]
    fn a_token_opens_for_its_user_alone() {
        let keys = keys(&["one"]);
        let token = keys.seal(&user("alice"), &position(7));
        assert_eq!(keys.open(&user("alice"), &token), Ok(position(7)));
        assert_eq!(keys.open(&user("bob"), &token), Err(InvalidResumeToken));
        assert_eq!(token.len(), 60);
    }

    #[test]
    fn changed_token_does_not_open() {
        let keys = keys(&["one"]);
        let token = keys.seal(&user("alice"), &position(7));
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(&token).unwrap();
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut changed = sealed.clone();
                changed[at] ^= 1 << bit;
                let changed = BASE64_URL_SAFE_NO_PAD.encode(changed);
                assert!(keys.open(&user("alice"), &changed).is_err(), "{at} {bit}");
            }
        }
        for length in 0..token.len() {
            assert!(keys.open(&user("alice"), &token[..length]).is_err());
        }
        let longer = token.repeat(10_000);
        assert!(keys.open(&user("alice"), &longer).is_err());
        assert!(keys.open(&user("alice"), "no token").is_err());
    }

    #[test]
    fn tokens_of_neighbouring_positions_have_nothing_in_common() {
        let keys = keys(&["one"]);
        let [one, other] = [7, 8].map(|offset| {
            let token = keys.seal(&user("alice"), &position(offset));
            BASE64_URL_SAFE_NO_PAD.decode(token).unwrap()
        });
        let same = one.iter().zip(&other).filter(|(a, b)| a == b).count();
        assert!(same < 10, "{same} of {} bytes", one.len());
    }

    #[test]
    fn previous_secret_still_opens_tokens() {
        let (old, new) = (keys(&["one"]), keys(&["two"]));
        let both = keys(&["two", "one"]);
        let token = old.seal(&user("alice"), &position(7));
        assert!(both.open(&user("alice"), &token).is_ok());
        assert!(new.open(&user("alice"), &token).is_err());
        let token = both.seal(&user("alice"), &position(7));
        assert!(new.open(&user("alice"), &token).is_ok());
    }
}
