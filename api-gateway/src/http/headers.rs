use http::{HeaderMap, HeaderName};

/// Returns the entries of a header that is a comma-separated list (RFC 9110, section 5.6.1), without surrounding spaces.
pub fn header_list(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

/// Returns the value of a header that may be given once, without surrounding spaces.
pub(super) fn single_value(headers: &HeaderMap, name: HeaderName) -> Result<Option<&str>, Invalid> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let text = value.to_str().map_err(|_| Invalid)?;
            Ok(Some(text.trim()))
        }
        (Some(_), Some(_)) => Err(Invalid),
    }
}

/// A header is given several times or is not text.
pub(super) struct Invalid;

/// Returns a text without the quotes around it; nothing is left of one with a single quote.
pub(super) fn unquoted(text: &str) -> &str {
    match text.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"').unwrap_or_default(),
        None => text,
    }
}
