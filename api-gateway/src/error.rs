use std::time::Duration;

use http::Method;
use service_runtime::{
    BoxError,
    grpc::{AuthError, ErrorCode, FieldViolation},
};
use tonic::Status;

use crate::{
    catalog::Rpc,
    transcode::{AnswerFault, JsonFault},
};

/// Error of a request. A client sees its [`ErrorResponse`](crate::error_response::ErrorResponse).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields are wrong.
    #[error("invalid request: {}", violations_text(.0))]
    InvalidFields(Vec<FieldViolation>),
    /// The body is not JSON that the gateway takes.
    #[error(transparent)]
    Json(#[from] JsonFault),
    /// The gateway refuses the request.
    #[error("{message}")]
    Refused {
        /// The code.
        code: ErrorCode,
        /// The HTTP status.
        http: u16,
        /// Constant that identifies the error.
        reason: &'static str,
        /// Description of the error and how to fix it.
        message: String,
    },
    /// The path has other methods.
    #[error("{method} is not allowed for this path; use {}", methods_text(.allowed))]
    MethodNotAllowed {
        /// The method of the request.
        method: Method,
        /// The methods of the path.
        allowed: Vec<Method>,
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

    /// Makes an error of a request that the gateway refuses.
    pub fn refused(code: ErrorCode, reason: &'static str, message: impl Into<String>) -> Self {
        Self::with_status(code.http(), code, reason, message)
    }

    /// Makes an error of a request that the gateway refuses with another HTTP status than that of the code.
    pub fn with_status(
        http: u16,
        code: ErrorCode,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self::Refused {
            code,
            http,
            reason,
            message: message.into(),
        }
    }

    /// Makes an error of a wrong header.
    pub fn header(name: &str, cure: &str) -> Self {
        let message = format!("the header {name} {cure}");
        Self::refused(ErrorCode::InvalidArgument, "INVALID_HEADER", message)
    }

    /// Makes an error of a transport that refuses the request: MCP, or the handshake of a WebSocket.
    pub fn transport(http: u16, message: impl Into<String>) -> Self {
        let code = match http {
            403 => ErrorCode::PermissionDenied,
            404 => ErrorCode::NotFound,
            405 => ErrorCode::Unimplemented,
            400..500 => ErrorCode::InvalidArgument,
            _ => ErrorCode::Internal,
        };
        Self::with_status(http, code, "TRANSPORT", message)
    }

    /// Makes an error of what an RPC answered, or of what kept it from answering.
    pub fn upstream(rpc: &Rpc, status: Status) -> Self {
        Self::Upstream {
            rpc: rpc.full_name().to_owned(),
            status: Box::new(status),
        }
    }
}

impl From<AnswerFault> for Error {
    fn from(fault: AnswerFault) -> Self {
        Self::Internal(fault.into())
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
