//! Hashes, and the canonical encoding that they are made of.

use std::fmt;

use chrono::{DateTime, Utc};
use openssl::sha::Sha256;

/// A SHA-256 hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash([u8; 32]);

impl Hash {
    /// Previous hash of the first record.
    pub const ZERO: Self = Self([0; 32]);

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads a hash from its 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        read_hex(text, &mut bytes).then_some(Self(bytes))
    }
}

/// Reads bytes from their hexadecimal digits, in small letters as they are written, so that no two texts mean the same.
pub fn bytes_from_hex(text: &str) -> Option<Vec<u8>> {
    let mut bytes = vec![0; text.len() / 2];
    read_hex(text, &mut bytes).then_some(bytes)
}

fn read_hex(text: &str, bytes: &mut [u8]) -> bool {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    rest.is_empty()
        && pairs.len() == bytes.len()
        && pairs.iter().zip(bytes).all(|([high, low], byte)| {
            let both = value(*high).zip(value(*low));
            *byte = both.map_or(0, |(high, low)| high << 4 | low);
            both.is_some()
        })
}

impl TryFrom<&[u8]> for Hash {
    type Error = std::array::TryFromSliceError;

    fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
        bytes.try_into().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Hashes values one after the other, each with its length before it, so that no two lists of values look alike.
///
/// Another program can do the same: a value is a 32-bit length, big-endian, and so many bytes; a number is a value of 8 bytes,
/// big-endian; a moment is the number of microseconds since 1970. The purpose comes first.
pub struct Hasher(Sha256);

impl Hasher {
    /// Begins a hash for one purpose, so that what is hashed for another is never mistaken for it.
    pub fn new(purpose: &str) -> Self {
        Self(Sha256::new()).text(purpose)
    }

    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        let length = u32::try_from(bytes.len())
            .expect("nothing in a record is longer than an event, which has a few MiB");
        self.0.update(&length.to_be_bytes());
        self.0.update(bytes);
        self
    }

    pub fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    pub fn number(self, number: i64) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    /// Adds a moment.
    pub fn moment(self, moment: DateTime<Utc>) -> Self {
        self.number(moment.timestamp_micros())
    }

    pub fn finish(self) -> Hash {
        Hash(self.0.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_comes_back_from_its_digits() {
        let hash = Hasher::new("test").text("one").finish();
        assert_eq!(Hash::from_hex(&hash.to_string()), Some(hash));
        let wrong = [
            "0".repeat(63),
            "g".repeat(64),
            "F".repeat(64),
            "+f".repeat(32),
            "é".repeat(32),
        ];
        for wrong in wrong.iter().map(String::as_str).chain(["", "00"]) {
            assert_eq!(Hash::from_hex(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn lengths_of_values_are_hashed() {
        let of = |values: [&str; 2]| Hasher::new("test").text(values[0]).text(values[1]).finish();
        assert_ne!(of(["ab", "c"]), of(["a", "bc"]));
        assert_ne!(of(["", "abc"]), of(["abc", ""]));
    }
}
