//! The trace a piece of work belongs to (W3C Trace Context), carried across calls and events.

use tracing::{Instrument, error_span};

tokio::task_local! {
    static CURRENT: TraceContext;
}

/// One span of one trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    flags: u8,
}

impl TraceContext {
    /// Begins a new trace.
    pub fn root() -> Self {
        Self {
            trace_id: rand::random::<u128>().max(1),
            span_id: rand::random::<u64>().max(1),
            flags: 1,
        }
    }

    /// Reads a `traceparent` header; `None` if it breaks the format, which asks for a new trace.
    pub fn parse(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let version = hex(parts.next()?, 2)?;
        let trace_id = hex(parts.next()?, 32)?;
        let span_id = u64::try_from(hex(parts.next()?, 16)?).ok()?;
        let flags = u8::try_from(hex(parts.next()?, 2)?).ok()?;
        // Later versions may append fields; version 255 is forbidden.
        let well_formed = match version {
            0 => parts.next().is_none(),
            255 => false,
            _ => true,
        };
        (well_formed && trace_id != 0 && span_id != 0).then_some(Self {
            trace_id,
            span_id,
            flags,
        })
    }

    /// Returns a new span of the trace that a `traceparent` header names, or of a new trace without a valid header.
    pub fn following(traceparent: Option<&str>) -> Self {
        traceparent
            .and_then(Self::parse)
            .map_or_else(Self::root, Self::child)
    }

    /// Returns a new span of the same trace.
    pub fn child(self) -> Self {
        Self {
            span_id: rand::random::<u64>().max(1),
            ..self
        }
    }

    /// Returns the trace's id as 32 hexadecimal digits.
    pub fn trace_id(self) -> String {
        format!("{:032x}", self.trace_id)
    }

    /// Returns the span's id as 16 hexadecimal digits.
    pub fn span_id(self) -> String {
        format!("{:016x}", self.span_id)
    }

    /// Returns the `traceparent` header that makes the receiver's work part of this span.
    pub fn to_traceparent(self) -> String {
        let Self {
            trace_id,
            span_id,
            flags,
        } = self;
        format!("00-{trace_id:032x}-{span_id:016x}-{flags:02x}")
    }
}

fn hex(text: &str, digits: usize) -> Option<u128> {
    let valid = text.len() == digits
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    valid.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

/// Returns the span that the current task works in.
pub fn current() -> Option<TraceContext> {
    CURRENT.try_with(|context| *context).ok()
}

/// Returns the `traceparent` of the current task, to be sent with a call or stored with an event.
pub fn current_traceparent() -> Option<String> {
    current().map(TraceContext::to_traceparent)
}

/// Runs the future in the given span of a trace.
pub async fn with_context<F: Future>(context: TraceContext, future: F) -> F::Output {
    CURRENT.scope(context, future).await
}

/// Does something that does not wait in the given span of a trace.
pub fn within<T>(context: TraceContext, work: impl FnOnce() -> T) -> T {
    CURRENT.sync_scope(context, work)
}

/// Runs the future as part of the trace that the header names, or of a new one without a valid header.
///
/// The trace id appears in every log line written meanwhile.
pub async fn with_traceparent<F: Future>(traceparent: Option<String>, future: F) -> F::Output {
    let context = TraceContext::following(traceparent.as_deref());
    // Of the highest level, so that no filter takes the trace id from the lines that remain.
    let span = error_span!("trace", trace_id = context.trace_id());
    with_context(context, future.instrument(span)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_valid_header_comes_back_as_it_was() {
        assert_eq!(
            TraceContext::parse(HEADER).unwrap().to_traceparent(),
            HEADER
        );
    }

    #[test]
    fn a_child_keeps_the_trace_and_has_a_span_of_its_own() {
        let parent = TraceContext::parse(HEADER).unwrap();
        let child = parent.child();
        assert_eq!(child.trace_id(), parent.trace_id());
        assert_ne!(child.span_id(), parent.span_id());
    }

    #[test]
    fn headers_that_break_the_format_are_not_taken() {
        for header in [
            "",
            "00",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(TraceContext::parse(header), None, "{header}");
        }
    }

    #[test]
    fn a_later_version_with_more_fields_is_taken() {
        let header = "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more";
        assert!(TraceContext::parse(header).is_some());
    }

    #[test]
    fn what_is_done_within_a_span_is_part_of_its_trace() {
        let span = TraceContext::following(Some(HEADER));
        assert_eq!(within(span, current), Some(span));
        assert_eq!(current(), None);
    }

    #[tokio::test]
    async fn work_under_a_header_is_part_of_its_trace_and_other_work_of_none() {
        let inside = with_traceparent(Some(HEADER.to_owned()), async { current_traceparent() });
        assert!(
            inside
                .await
                .unwrap()
                .starts_with("00-0af7651916cd43dd8448eb211c80319c-")
        );
        assert_eq!(current_traceparent(), None);
        assert!(with_traceparent(None, async { current() }).await.is_some());
    }
}
