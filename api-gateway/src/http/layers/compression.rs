use axum::{body::HttpBody, extract::Request, middleware::Next, response::Response};
use http::{HeaderMap, HeaderValue, Response as HttpResponse, header};
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer, Predicate,
        predicate::{And, NotForContentType, SizeAbove},
    },
};

use crate::http::weighed;

/// Below this, an answer fits into one packet anyway.
const MIN_BYTES: u64 = 1024;

/// Selects the answers that are compressed: those whose length is known, which streams are not, so that no message waits in a compressor; and none that
/// has an etag, because a strong one names its bytes (RFC 9110, section 8.8.1). Documents, which have both, bring their own form.
///
/// That the length of a compressed answer can reveal a secret in it (BREACH) needs a page that has a browser repeat requests with its
/// user's credentials. Here a browser has none that it sends on its own: tokens stand in a header, which only the user's own page sets.
#[derive(Debug, Clone, Copy)]
pub struct KnownLength;

impl Predicate for KnownLength {
    fn should_compress<B: HttpBody>(&self, response: &HttpResponse<B>) -> bool {
        let has_length = response.body().size_hint().exact().is_some();
        has_length && !response.headers().contains_key(header::ETAG)
    }
}

/// Compresses answers, quickly rather than tightly.
pub fn compression() -> CompressionLayer<And<And<KnownLength, SizeAbove>, NotForContentType>> {
    let predicate = KnownLength
        .and(SizeAbove::new(MIN_BYTES))
        .and(NotForContentType::IMAGES);
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(predicate)
}

/// Reduces `Accept-Encoding` to gzip or nothing. A client that accepts nothing that is offered gets its answer as it is instead of
/// 406, which would come after its request was carried out.
pub async fn plain_accept_encoding(mut request: Request, next: Next) -> Response {
    let gzip = accepts_gzip(request.headers());
    let headers = request.headers_mut();
    headers.remove(header::ACCEPT_ENCODING);
    if gzip {
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    }
    next.run(request).await
}

/// Reports whether a client accepts gzip (RFC 9110, section 12.5.3).
pub fn accepts_gzip(headers: &HeaderMap) -> bool {
    let (mut gzip, mut any) = (None, None);
    for (name, accepted) in weighed(headers, header::ACCEPT_ENCODING) {
        match name.as_str() {
            "gzip" | "x-gzip" => gzip = Some(accepted),
            "*" => any = Some(accepted),
            _ => {}
        }
    }
    gzip.or(any).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_accepted_as_the_header_says() {
        for (value, expected) in [
            ("gzip", true),
            ("gzip, deflate, br, zstd", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("*", true),
            ("*;q=0.1", true),
            ("x-gzip", true),
            ("", false),
            ("identity", false),
            ("br", false),
            ("gzip;q=0", false),
            ("gzip; q=0.000, *", false),
            ("*;q=0", false),
            ("gzip;q=much", false),
        ] {
            let headers = [(header::ACCEPT_ENCODING, HeaderValue::from_static(value))];
            let headers = HeaderMap::from_iter(headers);
            assert_eq!(accepts_gzip(&headers), expected, "{value}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
