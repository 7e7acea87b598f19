use std::io;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use service_runtime::telemetry::propagation::{self, TraceContext};

use super::{events::Events, file::FilePart, form::Form, messages::Messages};
use crate::error::Error;

/// Answers with a stream: lines or events of JSON, or one file, part by part.
///
/// # Errors
///
/// Fails if a file's first part does not come; later errors are part of the answer.
pub(in crate::http) async fn stream(
    messages: Messages,
    headers: &HeaderMap,
) -> Result<Response, Error> {
    let mut response = match messages.binding().answers_with_file {
        true => file_response(messages).await?,
        false => events_response(messages, Form::wanted(headers)),
    };
    // Proxies that collect an answer before they pass it on would make no stream of it.
    response.headers_mut().insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    Ok(response)
}

fn events_response(messages: Messages, form: Form) -> Response {
    let events = Events {
        messages,
        form,
        trace: propagation::current().unwrap_or_else(TraceContext::root),
        ended: false,
    };
    let chunks = stream::unfold(events, async |mut events| {
        let chunk = events.next_chunk().await?;
        Some((Ok::<_, io::Error>(chunk), events))
    });
    let headers = [
        (header::CONTENT_TYPE, form.content_type()),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}

/// A file has no room for an error, so one that breaks off breaks the connection, and no client takes a part for the whole.
async fn file_response(mut messages: Messages) -> Result<Response, Error> {
    let first = match messages.next().await.transpose()? {
        Some(message) => FilePart::of(&message, messages.binding()),
        None => FilePart::default(),
    };
    let begin = first.data.clone();
    let rest = stream::unfold(messages, async |mut messages| {
        let part = match messages.next().await? {
            Ok(message) => Ok(FilePart::of(&message, messages.binding()).data),
            Err(error) => Err(io::Error::other(error.response().message)),
        };
        Some((part, messages))
    });
    let parts = stream::once(async { Ok(begin) }).chain(rest);
    Ok(first.response(Body::from_stream(parts)))
}
