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
