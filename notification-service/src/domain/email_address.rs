//! Addresses that e-mail can be sent to.

use std::{fmt, str::FromStr};

use url::Host;

const MAXIMUM_LENGTH: usize = 254;

/// One e-mail address, up to 254 characters. Its `Debug` output hides it, so that it ends up in no log.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

/// A text that is no e-mail address.
#[derive(Debug, thiserror::Error)]
#[error(
    "must be one e-mail address such as alice@example.com, of at most {MAXIMUM_LENGTH} characters"
)]
pub struct InvalidEmailAddress;

impl EmailAddress {
    /// Builds `<local part>@<domain>`, or nothing if that is no address.
    pub fn from_parts(local_part: &str, domain: &str) -> Option<Self> {
        Self::checked(local_part, domain).ok()
    }

    fn checked(local_part: &str, domain: &str) -> Result<Self, InvalidEmailAddress> {
        let text = format!("{local_part}@{domain}");
        // A quoted local part may hold spaces and worse; nobody has such an address, and it would reach the SMTP dialogue. Nor has
        // anybody one that mail programs would decode (RFC 2047) and show as another.
        let is_safe = text.chars().count() <= MAXIMUM_LENGTH
            && !text.contains("=?")
            && !text
                .chars()
                .any(|c| c.is_control() || c.is_whitespace() || c == '"');
        if is_safe
            && email_address::EmailAddress::is_valid_local_part(local_part)
            && is_domain(domain)
        {
            Ok(Self(text))
        } else {
            Err(InvalidEmailAddress)
        }
    }
}

/// Returns whether a text is a domain name, which may be internationalized.
fn is_domain(text: &str) -> bool {
    let is_valid = email_address::EmailAddress::is_valid_domain;
    is_valid(text) || matches!(Host::parse(text), Ok(Host::Domain(ascii)) if is_valid(&ascii))
}

impl FromStr for EmailAddress {
    type Err = InvalidEmailAddress;

    fn from_str(text: &str) -> Result<Self, InvalidEmailAddress> {
        let (local_part, domain) = text.rsplit_once('@').ok_or(InvalidEmailAddress)?;
        Self::checked(local_part, domain)
    }
}

impl AsRef<str> for EmailAddress {
    fn as_ref(&self) -> &str {
        &self.0
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
    fn unsafe_addresses_are_refused() {
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
