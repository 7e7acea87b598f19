use std::{io, sync::Arc};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use service_runtime::telemetry::propagation;

use super::{
    events::Events,
    file::{FilePart, answers_with_file, file},
    form::Form,
    messages::Messages,
};
use crate::{answer::Answer, catalog::Binding, error::Error, gateway::Gateway};

/// Answers with a stream: lines or events of JSON, or one file, part by part.
///
/// # Errors
///
/// Fails if a file's first part does not come; what goes wrong later is told within the answer.
pub(in crate::http) async fn stream(
    gateway: &Gateway,
    binding: &Binding,
    messages: Messages,
    headers: &HeaderMap,
) -> Result<Response, Error> {
    let mut response = match answers_with_file(&messages.rpc().method.output(), binding) {
        true => file_response(binding.clone(), messages).await?,
        false => events_response(gateway, binding, messages, Form::wanted(headers)),
    };
    // Proxies that collect an answer before they pass it on would make no stream of it.
    response.headers_mut().insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    Ok(response)
}

fn events_response(
    gateway: &Gateway,
    binding: &Binding,
    messages: Messages,
    form: Form,
) -> Response {
    let events = Events {
        messages,
        form,
        catalog: Arc::clone(&gateway.catalog),
        response_body: binding.response_body.clone(),
        trace: propagation::current(),
        ended: false,
    };
    let chunks = stream::unfold(events, async |mut events| {
        let chunk = events.next_chunk().await?;
        Some((Ok::<_, io::Error>(chunk), events))
    });
    let mut response = Body::from_stream(chunks).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(form.content_type()),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A file has no place for an error, so one that breaks off breaks the connection: nobody takes a part for the whole.
async fn file_response(binding: Binding, mut messages: Messages) -> Result<Response, Error> {
    let first = match messages.next().await.transpose()? {
        Some(message) => file(&message, &binding),
        None => FilePart {
            content_type: String::new(),
            data: Bytes::new(),
        },
    };
    let begin = first.data.clone();
    let rest = stream::unfold((messages, binding), async |(mut messages, binding)| {
        let part = match messages.next().await? {
            Ok(message) => Ok(file(&message, &binding).data),
            Err(error) => {
                let answer = Answer::to(&error);
                Err(io::Error::other(answer.message))
            }
        };
        Some((part, (messages, binding)))
    });
    let parts = stream::once(async { Ok(begin) }).chain(rest);
    Ok(first.response(Body::from_stream(parts)))
}
