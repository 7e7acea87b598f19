use bytes::Bytes;
use service_runtime::telemetry::propagation::{self, TraceContext};
use tokio::time::timeout;

use super::{form::Form, messages::Messages};
use crate::{error::Error, http::problem::status_json};

/// Messages that have arrived already are sent together, up to about this size.
const CHUNK_BYTES: usize = 32 * 1024;

/// Messages as lines or events of JSON.
pub(super) struct Events {
    pub(super) messages: Messages,
    pub(super) form: Form,
    /// Trace of the request, outside of which the body is sent.
    pub(super) trace: TraceContext,
    pub(super) ended: bool,
}

impl Events {
    /// Returns the next part of the body; none at its end.
    pub(super) async fn next_chunk(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        let first = match self.form.keep_alive() {
            None => self.messages.next().await,
            Some((silence, sign)) => match timeout(silence, self.messages.next()).await {
                Ok(first) => first,
                Err(_) => return Some(Bytes::from_static(sign.as_bytes())),
            },
        };
        let mut chunk = String::new();
        let mut next = Some(first);
        while let Some(item) = next {
            self.write(&mut chunk, item);
            if self.ended || chunk.len() >= CHUNK_BYTES {
                break;
            }
            next = self.messages.next_if_ready();
        }
        (!chunk.is_empty()).then(|| chunk.into())
    }

    fn write(&mut self, chunk: &mut String, item: Option<Result<Bytes, Error>>) {
        let Some(message) = item else {
            self.ended = true;
            return;
        };
        let json = message.and_then(|message| Ok((self.messages.json(&message)?, message)));
        match json {
            Ok((json, message)) => {
                let id = self.messages.resume_token(&message);
                self.form.write_message(chunk, &json, id);
            }
            Err(error) => {
                self.ended = true;
                let answer = propagation::within(self.trace, || error.response());
                self.form.write_error(chunk, &status_json(&answer));
            }
        }
    }
}
