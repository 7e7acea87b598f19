//! Addresses that e-mail can be sent to.

use std::{fmt, str::FromStr};

use lettre::Address;

const MAXIMUM_LENGTH: usize = 254;

/// One e-mail address, up to 254 characters. Its `Debug` output hides it, so that it ends up in no log.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress(Address);

/// A text that is no e-mail address.
#[derive(Debug, thiserror::Error)]
#[error(
    "must be one e-mail address such as alice@example.com, of at most {MAXIMUM_LENGTH} characters"
)]
pub struct InvalidEmailAddress;

impl EmailAddress {
    /// Builds `<local part>@<domain>`, or nothing if that is no address.
    pub fn from_parts(local_part: &str, domain: &str) -> Option<Self> {
        let address = Address::new(local_part, domain).ok()?;
        Self::checked(address).ok()
    }

    /// Returns the address for the mail library.
    pub fn as_address(&self) -> &Address {
        &self.0
    }

    fn checked(address: Address) -> Result<Self, InvalidEmailAddress> {
        let text: &str = address.as_ref();
        // A quoted local part may hold spaces and worse; nobody has such an address, and it would reach the SMTP dialogue. Nor has
        // anybody one that mail programs would decode (RFC 2047) and show as another.
        if text.chars().count() > MAXIMUM_LENGTH
            || text.contains("=?")
            || text
                .chars()
                .any(|c| c.is_control() || c.is_whitespace() || c == '"')
        {
            return Err(InvalidEmailAddress);
        }
        Ok(Self(address))
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmailAddress;

    fn from_str(text: &str) -> Result<Self, InvalidEmailAddress> {
        let address = text.parse().map_err(|_| InvalidEmailAddress)?;
        Self::checked(address)
    }
}

impl AsRef<str> for EmailAddress {
    fn as_ref(&self) -> &str {
        self.0.as_ref()
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[e-mail address]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses_are_taken() {
        for text in [
            "alice@example.com",
            "a.b+c@sub.example.org",
            "alice@localhost",
            "jürgen@bücher.example",
        ] {
            assert!(text.parse::<EmailAddress>().is_ok(), "{text}");
        }
    }

    #[test]
    fn what_could_break_out_of_a_header_or_a_command_is_refused() {
        let long = format!("alice@{}.example.com", "a".repeat(250));
        for text in [
            "",
            "alice",
            "@example.com",
            "alice@",
            "alice@exa mple.com",
            "alice@example.com, bob@example.com",
            "alice@example.com\r\nRCPT TO:<bob@example.com>",
            "\"a b\"@example.com",
            "=?UTF-8?B?SGFja2Vk?=@example.com",
            "Alice <alice@example.com>",
            long.as_str(),
        ] {
            assert!(text.parse::<EmailAddress>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn debug_output_hides_the_address() {
        let address: EmailAddress = "alice@example.com".parse().unwrap();
        assert_eq!(format!("{address:?}"), "[e-mail address]");
    }
}
