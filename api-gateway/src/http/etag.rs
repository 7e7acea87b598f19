use http::{HeaderMap, HeaderValue, header};

use super::headers::{single_value, unquoted};
use crate::{catalog::MessagePlan, error::Error, transcode::text_field};

/// Returns the etag of the header `If-Match`, without quotes; nothing if the header is absent or `*`.
///
/// # Errors
///
/// Fails if the header names several etags or is not text.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let hint = "must be one etag in quotes, as returned by the last read";
    let wrong = || Error::header("If-Match", hint);
    let Ok(value) = single_value(headers, header::IF_MATCH) else {
        return Err(wrong());
    };
    let Some(text) = value.filter(|text| *text != "*") else {
        return Ok(None);
    };
    // Curl users tend to forget the quotes; there is no doubt about what they mean.
    let etag = unquoted(text.strip_prefix("W/").unwrap_or(text));
    match etag.is_empty() || etag.contains(['"', ',']) {
        true => Err(wrong()),
        false => Ok(Some(etag)),
    }
}

/// Returns the header `ETag` for an answer that has a field of that name.
pub(super) fn etag(plan: &MessagePlan, message: &[u8]) -> Option<HeaderValue> {
    quoted(text_field(message, plan.field("etag")?.number))
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
        let etag = if_match(&headers).ok()?;
        Some(etag.map(str::to_owned))
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
