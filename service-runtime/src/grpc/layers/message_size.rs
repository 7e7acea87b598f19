//! No message takes more memory than allowed.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::{body::Body, extract::Request};
use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::refusal::Refusal;
use crate::{BoxError, grpc::status::status};

/// A compression flag and the length of the message.
const PREFIX_BYTES: usize = 5;

/// Has the request end with RESOURCE_EXHAUSTED as soon as a message announces a length beyond the limit, before it is read.
pub(super) fn limit(limit: u32, request: Request) -> Request {
    request.map(|body| {
        Body::new(LimitedBody {
            body,
            scan: Scan::new(limit),
        })
    })
}

struct LimitedBody {
    body: Body,
    scan: Scan,
}

impl http_body::Body for LimitedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
        Poll::Ready(frame.map(|frame| {
            let frame = frame?;
            if let Some(data) = frame.data_ref() {
                self.scan.read(data).map_err(|refusal| status(&refusal))?;
            }
            Ok(frame)
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Finds the length prefixes in a stream of messages, however it is cut into pieces.
struct Scan {
    limit: u32,
    prefix: [u8; PREFIX_BYTES],
    prefix_bytes: usize,
    message_bytes_left: usize,
}

impl Scan {
    fn new(limit: u32) -> Self {
        Self {
            limit,
            prefix: [0; PREFIX_BYTES],
            prefix_bytes: 0,
            message_bytes_left: 0,
        }
    }

    fn read(&mut self, mut data: &[u8]) -> Result<(), Refusal> {
        while !data.is_empty() {
            let skip = self.message_bytes_left.min(data.len());
            self.message_bytes_left -= skip;
            data = &data[skip..];

            let take = (PREFIX_BYTES - self.prefix_bytes).min(data.len());
            self.prefix[self.prefix_bytes..self.prefix_bytes + take].copy_from_slice(&data[..take]);
            self.prefix_bytes += take;
            data = &data[take..];

            if self.prefix_bytes == PREFIX_BYTES {
                let [_, length @ ..] = self.prefix;
                let bytes = u32::from_be_bytes(length);
                if bytes > self.limit {
                    let limit = self.limit;
                    return Err(Refusal::TooLarge { bytes, limit });
                }
                self.message_bytes_left = bytes as usize;
                self.prefix_bytes = 0;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: u32) -> Vec<u8> {
        let mut message = vec![0];
        message.extend(bytes.to_be_bytes());
        message.resize(PREFIX_BYTES + bytes as usize, 0xff);
        message
    }

    #[test]
    fn messages_up_to_the_limit_pass_in_pieces_of_any_size() {
        let stream = [message(10), message(0), message(7), message(10)].concat();
        for piece in 1..=stream.len() {
            let mut scan = Scan::new(10);
            for data in stream.chunks(piece) {
                scan.read(data).unwrap();
            }
        }
    }

    #[test]
    fn a_message_beyond_the_limit_is_refused_in_pieces_of_any_size() {
        let stream = [message(10), message(11)].concat();
        for piece in 1..=stream.len() {
            let mut scan = Scan::new(10);
            let refusal = stream
                .chunks(piece)
                .find_map(|data| scan.read(data).err())
                .unwrap();
            assert!(
                matches!(
                    refusal,
                    Refusal::TooLarge {
                        bytes: 11,
                        limit: 10
                    }
                ),
                "in pieces of {piece}"
            );
        }
    }
}
