use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, header};
use http_body_util::BodyExt;
use service_runtime::grpc::ErrorCode;

use crate::{config::RequestsConfig, error::Error};

/// Multiple of the limit up to which a body that is too large is read and dropped: a client that is cut off in the middle of sending
/// sees a broken connection instead of the answer.
const DRAINED_TIMES: usize = 8;

/// Reads a body to its end.
///
/// # Errors
///
/// Fails if it is larger than it may be, breaks off, or takes longer than any call may.
pub async fn read_body(body: Body, limit: usize, limits: &RequestsConfig) -> Result<Bytes, Error> {
    let time_limit = Duration::from_millis(limits.max_deadline_ms);
    let read = read_up_to(body, limit);
    tokio::time::timeout(time_limit, read)
        .await
        .unwrap_or_else(|_| {
            let message = "the body took too long to arrive; send it again";
            let code = ErrorCode::DeadlineExceeded;
            Err(Error::refused(code, "BODY_TOO_SLOW", message).with_status(408))
        })
}

async fn read_up_to(mut body: Body, limit: usize) -> Result<Bytes, Error> {
    let mut read = BytesMut::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            let message = "the body could not be read to its end; send it again";
            Error::refused(ErrorCode::InvalidArgument, "BODY_INCOMPLETE", message)
        })?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        length = length.saturating_add(data.len());
        if length <= limit {
            read.extend_from_slice(data);
        } else {
            read.clear();
            if length > limit.saturating_mul(DRAINED_TIMES) {
                break;
            }
        }
    }
    match length <= limit {
        true => Ok(read.freeze()),
        false => {
            let message = format!("the body is larger than {limit} bytes; send less at once");
            Err(unacceptable(413, "BODY_TOO_LARGE", message))
        }
    }
}

/// Checks that a body that is there is announced as plain JSON.
///
/// # Errors
///
/// Fails if the headers say something else or nothing.
pub fn check_content_type(headers: &HeaderMap) -> Result<(), Error> {
    check_encoding(headers)?;
    let media_type = text(headers, header::CONTENT_TYPE).and_then(|value| value.split(';').next());
    let is_json =
        media_type.is_some_and(|name| name.trim().eq_ignore_ascii_case("application/json"));
    match is_json {
        true => Ok(()),
        false => {
            let message =
                "the body must be JSON; send the header \"content-type: application/json\"";
            Err(unacceptable(415, "UNSUPPORTED_MEDIA_TYPE", message))
        }
    }
}

/// Checks that a body is not compressed.
///
/// # Errors
///
/// Fails if the header `Content-Encoding` says that it is.
pub(super) fn check_encoding(headers: &HeaderMap) -> Result<(), Error> {
    let encoding = text(headers, header::CONTENT_ENCODING);
    match encoding.is_none_or(|name| name.eq_ignore_ascii_case("identity")) {
        true => Ok(()),
        false => {
            let message = "the body must not be compressed; remove the header \"content-encoding\"";
            Err(unacceptable(415, "UNSUPPORTED_ENCODING", message))
        }
    }
}

fn unacceptable(http: u16, reason: &'static str, message: impl Into<String>) -> Error {
    Error::refused(ErrorCode::InvalidArgument, reason, message).with_status(http)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let value = headers.get(name)?;
    Some(value.to_str().unwrap_or("?"))
}
