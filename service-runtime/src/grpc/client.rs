//! Channels to other services, and what their failures mean here.

use std::time::Duration;

use tonic::{Status, transport::Endpoint};
use tracing::error;
use url::Url;

use super::{
    error::{ApiError, ErrorCode},
    local::Channel,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(5);
/// How many bytes of one stream may be on their way to whoever reads it.
const STREAM_WINDOW: u32 = 64 * 1024;
/// How many bytes of all streams of a connection may be: those of 16 000 that nobody reads.
const STREAMS_WINDOW: u32 = 1024 * 1024 * 1024;

/// Opens a channel to `http://host:port` that connects at the first call, and again whenever the connection is lost.
///
/// A URL without a host is logged, and every call over the channel is answered UNAVAILABLE.
pub fn connect(url: &Url) -> Channel {
    Channel::new(url, endpoint(url).connect_lazy())
}

fn endpoint(url: &Url) -> Endpoint {
    Endpoint::from_shared(url.as_str().to_owned())
        .unwrap_or_else(|cause| {
            error!("{url} is not a valid service URL; use http://host:port: {cause}");
            Endpoint::from_static("http://invalid.")
        })
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
}

/// Opens a channel like [`connect`] for streams that go on for as long as their clients want.
///
/// A stream that nobody reads takes up its own small window and nothing of the others', however many there are: the window of
/// the connection has room for all of them.
pub fn connect_for_streams(url: &Url) -> Channel {
    let endpoint = endpoint(url)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(STREAMS_WINDOW);
    Channel::new(url, endpoint.connect_lazy())
}

/// Another service's answer that this service cannot pass on or act on.
#[derive(Debug, thiserror::Error)]
#[error("{service} answered {code:?}: {message}", code = .status.code(), message = .status.message())]
pub struct UpstreamError {
    service: &'static str,
    #[source]
    status: Status,
}

impl UpstreamError {
    /// Wraps the answer of the named service.
    pub fn new(service: &'static str, status: Status) -> Self {
        Self { service, status }
    }

    /// Returns the answer, to look for one that means something here.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Tells whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(
            ErrorCode::of(&self.status),
            ErrorCode::Unavailable
                | ErrorCode::DeadlineExceeded
                | ErrorCode::Cancelled
                | ErrorCode::ResourceExhausted
                | ErrorCode::Aborted
        )
    }
}

impl ApiError for UpstreamError {
    fn code(&self) -> ErrorCode {
        if self.is_transient() {
            ErrorCode::Unavailable
        } else {
            ErrorCode::Internal
        }
    }

    fn reason(&self) -> &'static str {
        if self.is_transient() {
            "UPSTREAM_UNAVAILABLE"
        } else {
            "UPSTREAM_FAILED"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_upstream_is_worth_another_try_and_a_refusal_is_a_fault() {
        let away = UpstreamError::new("recurrence-service", Status::unavailable("no route"));
        assert_eq!(away.code(), ErrorCode::Unavailable);
        let refusal = UpstreamError::new("recurrence-service", Status::unauthenticated("who?"));
        assert_eq!(refusal.code(), ErrorCode::Internal);
    }

    #[tokio::test]
    async fn a_channel_is_made_of_any_url() {
        for url in ["http://127.0.0.1:1", "http://[::1]:1/", "data:nothing"] {
            connect(&url.parse().unwrap());
        }
    }
}
