use std::sync::Arc;

use bytes::Bytes;
use prost_reflect::{DynamicMessage, FieldDescriptor};
use service_runtime::telemetry::propagation::{self, TraceContext};
use tokio::time::timeout;

use super::{form::Form, messages::Messages};
use crate::{
    answer::Answer, catalog::Catalog, error::Error, http::problem::status_json,
    transcode::response_body,
};

/// What is there already is sent together, up to about so many bytes.
const CHUNK_BYTES: usize = 32 * 1024;

/// Messages as lines or events of JSON.
pub(super) struct Events {
    pub(super) messages: Messages,
    pub(super) form: Form,
    pub(super) catalog: Arc<Catalog>,
    pub(super) response_body: Option<FieldDescriptor>,
    pub(super) trace: Option<TraceContext>,
    pub(super) ended: bool,
}

impl Events {
    /// Returns the next part of the body; nothing at its end.
    pub(super) async fn next_chunk(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        let first = match self.form.sign_of_life() {
            None => self.messages.next().await,
            Some((silence, sign)) => match timeout(silence, self.messages.next()).await {
                Ok(first) => first,
                Err(_) => return Some(Bytes::from_static(sign.as_bytes())),
            },
        };
        let mut chunk = String::new();
        let mut next = Some(first);
        while let Some(item) = next {
            self.write(&mut chunk, item).await;
            if self.ended || chunk.len() >= CHUNK_BYTES {
                break;
            }
            next = self.messages.next_if_there();
        }
        (!chunk.is_empty()).then(|| chunk.into())
    }

    async fn write(&mut self, chunk: &mut String, item: Option<Result<DynamicMessage, Error>>) {
        let json = match item {
            None => {
                self.ended = true;
                return;
            }
            Some(message) => message.and_then(|message| {
                let json =
                    response_body(&self.catalog.notes, &message, self.response_body.as_ref())
                        .map_err(|fault| Error::Internal(fault.into()))?;
                Ok((json, self.messages.place_behind(&message)))
            }),
        };
        match json {
            Ok((json, place)) => self.form.write_message(chunk, &json, place.as_deref()),
            Err(error) => {
                self.ended = true;
                let answer = self.answer_to(&error).await;
                self.form.write_error(chunk, status_json(&answer));
            }
        }
    }

    /// The body is sent outside of the request's trace, which must be taken up again.
    async fn answer_to(&self, error: &Error) -> Answer {
        match self.trace {
            Some(trace) => propagation::with_context(trace, async { Answer::to(error) }).await,
            None => Answer::to(error),
        }
    }
}
