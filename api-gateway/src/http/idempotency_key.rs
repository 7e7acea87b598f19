use http::{HeaderMap, HeaderName};
use uuid::Uuid;

use super::headers::{single_value, unquoted};
use crate::error::Error;

const HEADER: &str = "Idempotency-Key";

/// Returns the UUID of the header `Idempotency-Key`, without the quotes that its draft standard puts around it.
///
/// # Errors
///
/// Fails if the header is given twice or is no UUID.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let hint = "must be one UUID, such as 0198c0de-0000-7000-8000-000000000001, with or without quotes around it";
    let wrong = || Error::header(HEADER, hint);
    let name = HeaderName::from_static("idempotency-key");
    match single_value(headers, name).map(|value| value.map(unquoted)) {
        Ok(Some(key)) if Uuid::try_parse(key).is_err() => Err(wrong()),
        Ok(key) => Ok(key),
        Err(_) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(values: &[&'static str]) -> Result<Option<String>, ()> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, HeaderValue::from_static(value));
        }
        let key = idempotency_key(&headers).map_err(|_| ())?;
        Ok(key.map(str::to_owned))
    }

    #[test]
    fn a_uuid_is_taken_without_its_quotes() {
        const KEY: &str = "0198c0de-0000-7000-8000-000000000001";
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[KEY]), Ok(Some(KEY.to_owned())));
        let quoted = "\"0198c0de-0000-7000-8000-000000000001\"";
        assert_eq!(read(&[quoted]), Ok(Some(KEY.to_owned())));
        assert_eq!(read(&[KEY, KEY]), Err(()));
    }

    #[test]
    fn anything_else_is_refused() {
        for wrong in [
            "",
            "\"\"",
            "order-7",
            "\"0198c0de-0000-7000-8000-000000000001",
        ] {
            assert_eq!(read(&[wrong]), Err(()), "{wrong}");
        }
    }
}
