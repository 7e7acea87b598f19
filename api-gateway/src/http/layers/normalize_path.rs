use std::borrow::Cow;

use axum::{extract::Request, middleware::Next, response::Response};
use http::{Uri, uri::PathAndQuery};
use percent_encoding::percent_decode_str;
use service_runtime::grpc::ErrorCode;

use crate::{error::Error, http::problem};

/// Brings the path of a request into its normal form before a route is looked for: characters that need no percent-encoding are
/// not encoded (RFC 3986, section 6.2.2.2). All others stay as they are, so an encoded slash is part of its segment, and no
/// segment is taken away because it is `.` or `..`.
pub async fn normalize_path(mut request: Request, next: Next) -> Response {
    match normal_form(request.uri()) {
        Ok(None) => {}
        Ok(Some(uri)) => *request.uri_mut() = uri,
        Err(error) => return problem(error),
    }
    next.run(request).await
}

/// Returns a URL with its path in normal form; nothing if it is already.
fn normal_form(uri: &Uri) -> Result<Option<Uri>, Error> {
    let Cow::Owned(path) = decode_unreserved(uri.path())? else {
        return Ok(None);
    };
    let path_and_query = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let uri = with_path_and_query(uri, path_and_query);
    Ok(Some(uri.map_err(Error::internal)?))
}

/// Returns a URL with another path and query.
pub fn with_path_and_query(uri: &Uri, path_and_query: String) -> Result<Uri, http::Error> {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path_and_query)?);
    Ok(Uri::from_parts(parts)?)
}

fn wrong(hint: &str) -> Error {
    let message = format!("the path {hint}");
    Error::refused(ErrorCode::InvalidArgument, "INVALID_PATH", message)
}

fn decode_unreserved(path: &str) -> Result<Cow<'_, str>, Error> {
    if !path.contains('%') {
        return Ok(Cow::Borrowed(path));
    }
    if percent_decode_str(path).decode_utf8().is_err() {
        return Err(wrong("must be UTF-8, percent-encoded byte by byte"));
    }
    let mut decoded = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        decoded.push_str(before);
        let code = after.get(..2).and_then(hexadecimal).ok_or_else(|| {
            wrong("has a % that two hexadecimal digits do not follow; write %25 for a percent sign")
        })?;
        match code {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                decoded.push(char::from(code));
            }
            _ => {
                decoded.push('%');
                decoded.push_str(&after[..2]);
            }
        }
        rest = &after[2..];
    }
    decoded.push_str(rest);
    Ok(Cow::Owned(decoded))
}

fn hexadecimal(digits: &str) -> Option<u8> {
    let all_digits = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    all_digits
        .then(|| u8::from_str_radix(digits, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreserved_characters_are_decoded() {
        for (path, expected) in [
            ("/v1/tasks", "/v1/tasks"),
            ("/v1/t%61sk%73", "/v1/tasks"),
            ("/openapi%2Ejson", "/openapi.json"),
            ("/%2e%2E/%2d%5f%7e", "/../-_~"),
            ("/a%2Fb%3Ac%20%25%2541", "/a%2Fb%3Ac%20%25%2541"),
            ("/%c3%a9", "/%c3%a9"),
        ] {
            assert_eq!(decode_unreserved(path).unwrap(), expected, "{path}");
        }
        let uri: Uri = "/t%61sks?filter=%61".parse().unwrap();
        let normal = normal_form(&uri).unwrap().unwrap();
        assert_eq!(normal, "/tasks?filter=%61");
    }

    #[test]
    fn path_that_is_no_encoded_text_is_refused() {
        for path in [
            "/%",
            "/%4",
            "/%zz",
            "/%+1",
            "/%é",
            "/%ff",
            "/a%C3/%A9",
            "/%f0%9f",
        ] {
            assert!(decode_unreserved(path).is_err(), "{path}");
        }
    }
}
