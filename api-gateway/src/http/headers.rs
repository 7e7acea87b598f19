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

/// Returns the entries of a header such as `Accept` in lower case, each with whether its weight is above 0.
pub fn weighed(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = (String, bool)> {
    let entries = header_list(headers, name).filter(|entry| !entry.is_empty());
    entries.map(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        let is_accepted = |weight: &str| weight.parse::<f32>().is_ok_and(|q| q > 0.0);
        (name, weight.is_none_or(is_accepted))
    })
}

/// Returns the value of a header that may be given once, without surrounding spaces. Fails if it is given several times or is not text.
pub(super) fn single_value(headers: &HeaderMap, name: HeaderName) -> Result<Option<&str>, ()> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let text = value.to_str().map_err(drop)?;
            Ok(Some(text.trim()))
        }
        (Some(_), Some(_)) => Err(()),
    }
}

/// Returns a text without the quotes around it; nothing is left of one with a single quote.
pub(super) fn unquoted(text: &str) -> &str {
    match text.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"').unwrap_or_default(),
        None => text,
    }
}
