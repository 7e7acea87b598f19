//! Every call has a trace, a span, and its place in the metrics.

use std::time::Instant;

use axum::{body::Body, extract::Request, response::Response};
use http::HeaderMap;
use http_body_util::BodyExt;
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
    // The status of a stream comes at its end.
    response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            if let Some(trailers) = frame.trailers_ref() {
                call.read_status(trailers);
            }
            frame
        }))
    })
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
