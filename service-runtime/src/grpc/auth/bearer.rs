use http::{HeaderMap, header::AUTHORIZATION};

use super::AuthError;

/// Returns the bearer token of a request (RFC 6750, section 2.1).
///
/// # Errors
///
/// Fails if the header `Authorization` is missing, given twice, of another scheme or without a token.
pub fn bearer_token(headers: &HeaderMap) -> Result<&str, AuthError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(AuthError::Missing)?;
    if values.next().is_some() {
        return Err(AuthError::Malformed);
    }
    let value = value.to_str().map_err(|_| AuthError::Malformed)?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    match token.trim() {
        _ if !scheme.eq_ignore_ascii_case("bearer") => Err(AuthError::Missing),
        "" => Err(AuthError::Malformed),
        token => Ok(token),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(values: &[&'static str]) -> Result<String, AuthError> {
        let values = values
            .iter()
            .map(|value| (AUTHORIZATION, value.parse().unwrap()));
        bearer_token(&values.collect()).map(str::to_owned)
    }

    #[test]
    fn exactly_one_bearer_token_is_accepted() {
        assert_eq!(token(&["bearer a.b.c"]).unwrap(), "a.b.c");
        for values in [&[][..], &["Basic YTpi"], &["a.b.c"]] {
            assert!(
                matches!(token(values), Err(AuthError::Missing)),
                "{values:?}"
            );
        }
        for values in [
            &["Bearer  "][..],
            &["Bearer"],
            &["Bearer a.b.c", "Bearer d.e.f"],
        ] {
            assert!(
                matches!(token(values), Err(AuthError::Malformed)),
                "{values:?}"
            );
        }
    }
}
