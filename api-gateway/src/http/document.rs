use std::{io::Write, sync::Arc};

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
    routing::{MethodRouter, any},
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use openssl::sha::sha256;
use serde_json::Value;

use super::{header_list, layers::accepts_gzip, problem};
use crate::error::Error;

/// Read from a cache only after the server has said that it is still the present one: a new version must not meet old clients.
const REVALIDATED: HeaderValue = HeaderValue::from_static("public, no-cache");
/// Read from a cache for a day.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=86400");

/// A document that does not change while the gateway runs. It is compressed once, and a client that has it already gets 304.
pub(super) struct Document {
    headers: HeaderMap,
    plain: Form,
    gzip: Form,
}

/// The bytes of a document in one encoding, and the strong etag that names them.
struct Form {
    body: Bytes,
    etag: HeaderValue,
}

impl Document {
    /// Makes a document of this content type.
    pub(super) fn new(content_type: &'static str, content: impl Into<Bytes>) -> Self {
        let content = content.into();
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
            (header::CACHE_CONTROL, REVALIDATED),
            (header::VARY, HeaderValue::from_static("accept-encoding")),
        ];
        Self {
            headers: headers.into_iter().collect(),
            gzip: Form::new(gzip(&content)),
            plain: Form::new(content),
        }
    }

    /// Makes a document of JSON.
    pub(super) fn json(content: &Value) -> Self {
        Self::new("application/json", content.to_string())
    }

    /// Makes a page that needs nothing but this style and the icon.
    pub(super) fn page(content: String, style: &str) -> Self {
        let hash = BASE64_STANDARD.encode(sha256(style.as_bytes()));
        let policy = HeaderValue::from_str(&format!(
            "default-src 'none'; style-src 'sha256-{hash}'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ));
        let policy = policy.expect("base64 and words are allowed in headers");
        let page = Self::new("text/html; charset=utf-8", content);
        page.with(header::CONTENT_SECURITY_POLICY, policy)
    }

    /// Makes a picture.
    pub(super) fn picture(content_type: &'static str, content: &'static [u8]) -> Self {
        Self::new(content_type, content).with(header::CACHE_CONTROL, KEPT)
    }

    /// Keeps it out of caches.
    pub(super) fn uncached(self) -> Self {
        self.with(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
    }

    /// Declares that it is one of several documents, between which the header `Accept` chooses.
    pub(super) fn chosen_by_accept(self) -> Self {
        self.with(
            header::VARY,
            HeaderValue::from_static("accept, accept-encoding"),
        )
    }

    fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Returns the route of this document.
    pub(super) fn route(self) -> MethodRouter {
        let document = Arc::new(self);
        any(move |request: Request| {
            let document = Arc::clone(&document);
            async move { document.answer(&request) }
        })
    }

    /// Answers a request.
    pub(super) fn answer(&self, request: &Request) -> Response {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let allowed = vec![Method::GET, Method::HEAD, Method::OPTIONS];
            return problem(Error::method_not_allowed(request.method(), allowed));
        }
        let Self {
            headers,
            plain,
            gzip,
        } = self;
        let compressed = accepts_gzip(request.headers()) && gzip.body.len() < plain.body.len();
        let form = if compressed { gzip } else { plain };
        let mut response = Body::from(form.body.clone()).into_response();
        *response.headers_mut() = headers.clone();
        let headers = response.headers_mut();
        headers.insert(header::ETAG, form.etag.clone());
        if self.is_known(request.headers()) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.body_mut() = Body::empty();
        } else if compressed {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }

    /// Reports whether the client has the document already, in whichever encoding.
    fn is_known(&self, headers: &HeaderMap) -> bool {
        let mut known =
            header_list(headers, header::IF_NONE_MATCH).map(|etag| etag.trim_start_matches("W/"));
        let Self { plain, gzip, .. } = self;
        known.any(|etag| etag == "*" || etag == plain.etag || etag == gzip.etag)
    }
}

impl Form {
    fn new(body: Bytes) -> Self {
        let hash = BASE64_URL_SAFE_NO_PAD.encode(&sha256(&body)[..16]);
        let etag = HeaderValue::from_str(&format!("\"{hash}\""));
        Self {
            body,
            etag: etag.expect("base64 and quotes are allowed in headers"),
        }
    }
}

fn gzip(content: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(content).and_then(|()| encoder.finish());
    written.expect("a vector takes every byte").into()
}
