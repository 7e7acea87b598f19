//! Every call has a trace, a span, and its place in the metrics.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use axum::{body::Body, extract::Request, response::Response};
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use tonic::{Code, Status};
use tracing::{Instrument, Span, debug, error_span, field::Empty};

use crate::{
    grpc::{error::ErrorCode, methods, metrics},
    telemetry::propagation::{self, TraceContext},
};

/// Runs the call in its trace and counts how it ends; the trace begins here unless the request belongs to one.
pub(super) async fn observe<F>(request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let method = methods::name(request.uri().path());
    let trace = request
        .headers()
        .get("traceparent")
        .and_then(|header| TraceContext::parse(header.to_str().ok()?))
        .map_or_else(TraceContext::root, TraceContext::child);
    // Of the highest level, so that no filter takes the trace id from the lines that remain.
    let span = error_span!(
        "rpc",
        rpc.method = method,
        rpc.response.status_code = Empty,
        trace_id = trace.trace_id(),
    );
    let mut call = Call::begin(method, span.clone());
    let response = propagation::with_context(trace, next(request).instrument(span)).await;
    call.read_status(response.headers());
    response.map(|body| Body::new(ObservedBody { body, call }))
}

/// A call under way; dropping it before it has a status means that the caller is gone.
struct Call {
    method: &'static str,
    span: Span,
    begin_time: Instant,
    code: Option<Code>,
}

impl Call {
    fn begin(method: &'static str, span: Span) -> Self {
        metrics::call_began(method);
        Self {
            method,
            span,
            begin_time: Instant::now(),
            code: None,
        }
    }

    fn read_status(&mut self, headers: &HeaderMap) {
        if let Some(status) = Status::from_header_map(headers) {
            self.code = Some(status.code());
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let duration = self.begin_time.elapsed();
        let code = match self.code {
            Some(Code::Ok) => "OK",
            Some(code) => ErrorCode::of(&Status::new(code, "")).name(),
            None => ErrorCode::Cancelled.name(),
        };
        metrics::call_ended(self.method, code, duration);
        self.span.record("rpc.response.status_code", code);
        let duration_ms = duration.as_secs_f64() * 1e3;
        debug!(parent: &self.span, duration_ms, "answered {} with {code}", self.method);
    }
}

/// A response whose status may come at its end.
struct ObservedBody {
    body: Body,
    call: Call,
}

impl http_body::Body for ObservedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(trailers) = frame.trailers_ref()
        {
            self.call.read_status(trailers);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
