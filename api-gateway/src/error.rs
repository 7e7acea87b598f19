use std::time::Duration;

use http::Method;
use service_runtime::{
    BoxError,
    grpc::{AuthError, FieldViolation},
};
use tonic::Status;

use crate::{catalog::Rpc, transcode::JsonFault};

/// Error of a request. A client sees its [`ErrorResponse`](crate::error_response::ErrorResponse).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields are wrong.
    #[error("invalid request: {}", violations_text(.0))]
    InvalidFields(Vec<FieldViolation>),
    /// The body is not JSON that the gateway takes.
    #[error(transparent)]
    Json(#[from] JsonFault),
    /// The body is larger than it may be.
    #[error("the body is larger than {limit} bytes; send less at once")]
    BodyTooLarge {
        /// The most bytes that a body may have.
        limit: usize,
    },
    /// The body broke off.
    #[error("the body could not be read to its end; send it again")]
    BodyBroken,
    /// The body did not arrive in time.
    #[error("the body took too long to arrive; send it again")]
    BodyTooSlow,
    /// The body is not JSON.
    #[error("the body must be JSON; send the header \"content-type: application/json\"")]
    UnsupportedMediaType,
    /// The body is compressed.
    #[error("the body must not be compressed; remove the header \"content-encoding\"")]
    UnsupportedEncoding,
    /// There is no such path.
    #[error("no such path: {path}{}", .nearest.as_deref().map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default())]
    RouteNotFound {
        /// The path of the request.
        path: String,
        /// The route that comes nearest.
        nearest: Option<String>,
    },
    /// The path has other methods.
    #[error("{method} is not allowed for this path; use {}", methods_text(.allowed))]
    MethodNotAllowed {
        /// The method of the request.
        method: Method,
        /// The methods of the path.
        allowed: Vec<Method>,
    },
    /// The path is no percent-encoded text.
    #[error("the path {cure}")]
    Path {
        /// Description of the error and how to fix it.
        cure: &'static str,
    },
    /// The request comes from a web page that may not call.
    #[error(
        "pages of {origin} may not call this API; an operator can allow the origin with the setting {setting}"
    )]
    OriginNotAllowed {
        /// The page's origin.
        origin: String,
        /// The setting with the origins that may.
        setting: &'static str,
    },
    /// The ticket in the URL was valid once.
    #[error("ticket has expired; get a new one with POST {path}/tickets")]
    TicketExpired {
        /// The path of the live stream.
        path: String,
    },
    /// The ticket in the URL was not issued here for this purpose.
    #[error("ticket is not valid; get one with POST {path}/tickets")]
    TicketInvalid {
        /// The path of the live stream.
        path: String,
    },
    /// A header is wrong.
    #[error("the header {name} {cure}")]
    Header {
        /// The header.
        name: &'static str,
        /// Description of the error and how to fix it.
        cure: &'static str,
    },
    /// The transport of MCP refuses the request.
    #[error("{message}")]
    Transport {
        /// The HTTP status.
        http: u16,
        /// Description of the error.
        message: String,
    },
    /// The request has no valid token.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The service answered with an error, or not at all.
    #[error("{} answered {:?}: {}", .rpc, .status.code(), .status.message())]
    Upstream {
        /// The full name of the RPC.
        rpc: String,
        /// The answer.
        status: Box<Status>,
    },
    /// The caller asks too often.
    #[error(
        "rate limit of {per_second} requests per second exceeded; wait for the time in the header Retry-After"
    )]
    TooManyRequests {
        /// Requests per second that a caller may make.
        per_second: u32,
        /// Time until the next one.
        wait: Duration,
    },
    /// A fault of the gateway.
    #[error("internal error")]
    Internal(#[source] BoxError),
}

impl Error {
    /// Makes an error of one wrong field.
    pub fn field(name: &str, description: impl Into<String>) -> Self {
        Self::InvalidFields(vec![FieldViolation::new(name, description)])
    }

    /// Makes an error of what an RPC answered, or of what kept it from answering.
    pub fn upstream(rpc: &Rpc, status: Status) -> Self {
        Self::Upstream {
            rpc: rpc.full_name().to_owned(),
            status: Box::new(status),
        }
    }
}

/// Returns the methods as the header `Allow` lists them.
pub fn methods_text(methods: &[Method]) -> String {
    let names: Vec<&str> = methods.iter().map(Method::as_str).collect();
    names.join(", ")
}

fn violations_text(violations: &[FieldViolation]) -> String {
    let texts = violations
        .iter()
        .map(|violation| format!("{}: {}", violation.field, violation.description));
    texts.collect::<Vec<_>>().join("; ")
}
