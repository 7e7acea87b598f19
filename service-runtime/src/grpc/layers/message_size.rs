//! No request takes more memory than allowed.

use axum::{body::Body, extract::Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::refusal::Refusal;
use crate::grpc::status::status;

/// Length of the prefix of a message: a compression flag and the length of the message.
const PREFIX_BYTES: usize = 5;

/// Ends the request with RESOURCE_EXHAUSTED while it is read if its message is longer than the limit.
///
/// The body of a request is one message, since no method takes a stream of them.
pub(super) fn limit(limit: u32, request: Request) -> Request {
    request.map(|body| {
        let body = Limited::new(body, limit as usize + PREFIX_BYTES);
        Body::new(
            body.map_err(move |error| match error.is::<LengthLimitError>() {
                true => status(&Refusal::TooLarge { limit }).into(),
                false => error,
            }),
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::descriptors::POOL;

    #[test]
    fn no_method_takes_a_stream_of_messages() {
        let takes_stream = POOL.services().any(|service| {
            let mut methods = service.methods();
            methods.any(|method| method.is_client_streaming())
        });
        assert!(!takes_stream);
    }
}
