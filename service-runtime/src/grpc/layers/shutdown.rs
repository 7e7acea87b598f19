//! End of calls that a shutdown does not wait for.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{body::Body, extract::Request, response::Response};
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::refusal::{Refusal, refuse};
use crate::grpc::status::status;

/// Answers UNAVAILABLE to a call that is in flight at the hard shutdown; its stream ends when `stopped` is cancelled.
pub(super) async fn end<F>(
    hard_shutdown: &CancellationToken,
    stopped: &CancellationToken,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response
where
    F: Future<Output = Response>,
{
    tokio::select! {
        biased;
        response = next(request) => response.map(|body| {
            Body::new(StoppableBody {
                body: Some(body),
                stopped: Box::pin(stopped.clone().cancelled_owned()),
            })
        }),
        () = hard_shutdown.cancelled() => refuse(&Refusal::Stopping),
    }
}

/// Response body that a shutdown ends once no frame is ready.
struct StoppableBody {
    // None after the end.
    body: Option<Body>,
    stopped: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl http_body::Body for StoppableBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(context) {
            return Poll::Ready(frame);
        }
        ready!(self.stopped.as_mut().poll(context));
        self.body = None;
        let mut trailers = HeaderMap::new();
        let ended = status(&Refusal::Stopping).add_header(&mut trailers);
        Poll::Ready(ended.ok().map(|()| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}
