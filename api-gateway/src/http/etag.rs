use http::{HeaderMap, HeaderValue, header};
use prost_reflect::DynamicMessage;

use crate::error::Error;

/// Returns the etag of the header `If-Match`, without quotes; nothing if the header is absent or `*`.
///
/// # Errors
///
/// Fails if the header names several etags or is not text.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let wrong = Error::Header {
        name: "If-Match",
        cure: "must be one etag in quotes, as returned by the last read",
    };
    let mut values = headers.get_all(header::IF_MATCH).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let Ok(text) = value.to_str() else {
        return Err(wrong);
    };
    let text = text.trim();
    if text == "*" {
        return Ok(None);
    }
    let bare = text.strip_prefix("W/").unwrap_or(text);
    let etag = match bare.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"').unwrap_or_default(),
        // Curl users tend to forget the quotes; there is no doubt about what they mean.
        None => bare,
    };
    match etag.is_empty() || etag.contains(['"', ',']) || values.next().is_some() {
        true => Err(wrong),
        false => Ok(Some(etag.to_owned())),
    }
}

/// Returns the header `ETag` for an answer that has a field of that name.
pub(super) fn etag(message: &DynamicMessage) -> Option<HeaderValue> {
    let value = message.get_field_by_name("etag")?;
    quoted(value.as_str()?)
}

/// Returns an etag as headers write it.
pub(super) fn quoted(etag: &str) -> Option<HeaderValue> {
    let plain = !etag.is_empty() && !etag.contains('"');
    plain.then(|| HeaderValue::from_str(&format!("\"{etag}\"")).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &'static str) -> Option<Option<String>> {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, HeaderValue::from_static(value));
        if_match(&headers).ok()
    }

    #[test]
    fn one_etag_is_taken_without_its_quotes() {
        for value in ["\"7\"", "W/\"7\"", "7"] {
            assert_eq!(read(value), Some(Some("7".to_owned())));
        }
        assert_eq!(read("*"), Some(None));
    }

    #[test]
    fn several_etags_are_refused() {
        for value in ["\"7\", \"8\"", "\"7", "\"\""] {
            assert_eq!(read(value), None, "{value}");
        }
    }
}
