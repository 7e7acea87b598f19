use axum::extract::ws::{CloseFrame, Message};
use serde_json::{Value, json};
use service_runtime::grpc::ErrorCode;
use tokio_tungstenite::tungstenite;

use crate::{answer::Answer, error::Error, http::problem::status_json};

/// The beginning of the codes of our own: the HTTP status of the same error is added.
const OWN_CODES: u16 = 4_000;
/// A close frame has room for so many bytes of reason.
const MOST_REASON_BYTES: usize = 123;

/// How a socket ends.
#[derive(Debug, PartialEq)]
pub(super) enum End {
    /// The service has told everything.
    Told,
    /// The gateway stops, or the time of the stream is up: the client comes back and goes on.
    ComeBack,
    /// The token is no longer valid.
    TokenExpired,
    /// The client sent something that nobody asked for.
    Unexpected(&'static str),
    /// The client sent something that is too large.
    TooLarge,
    /// Something went wrong; the client is told what.
    Failed(Box<Answer>),
    /// The client is gone, or takes nothing any more.
    Gone,
}

impl End {
    /// Returns the end that an error is.
    pub(super) fn of(error: &Error) -> Self {
        Self::Failed(Box::new(Answer::to(error)))
    }

    /// Returns the end that a failure to receive is.
    pub(super) fn of_broken(cause: axum::Error) -> Self {
        let cause = cause.into_inner();
        match cause.downcast_ref::<tungstenite::Error>() {
            Some(tungstenite::Error::Capacity(_)) => Self::TooLarge,
            Some(tungstenite::Error::Utf8(_)) => Self::Unexpected("a text must be UTF-8"),
            Some(tungstenite::Error::Protocol(_)) => {
                Self::Unexpected("the frames must be as RFC 6455 has them")
            }
            _ => Self::Gone,
        }
    }

    /// Returns what is still said about it before the socket closes.
    pub(super) fn last_words(&self) -> Option<Value> {
        match self {
            Self::Failed(answer) => Some(json!({ "error": status_json(answer) })),
            _ => None,
        }
    }

    /// Returns the code that the socket is closed with; 0 if there is nobody to close it for.
    pub(super) fn code(&self) -> u16 {
        match self {
            Self::Told => 1000,
            Self::ComeBack => 1001,
            Self::TokenExpired => OWN_CODES + 401,
            Self::Unexpected(_) => 1008,
            Self::TooLarge => 1009,
            Self::Failed(answer) => code(answer),
            Self::Gone => 0,
        }
    }

    /// Returns the frame that closes the socket, if there is anybody to close it for.
    pub(super) fn frame(&self) -> Option<Message> {
        let code = self.code();
        let reason = match self {
            Self::Told => "told",
            Self::ComeBack => "come back with the last resume_token",
            Self::TokenExpired => "TOKEN_EXPIRED",
            Self::Unexpected(reason) => reason,
            Self::TooLarge => "send less at once",
            Self::Failed(answer) => answer.reason.as_str(),
            Self::Gone => return None,
        };
        let mut end = reason.len().min(MOST_REASON_BYTES);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        Some(Message::Close(Some(CloseFrame {
            code,
            reason: reason[..end].into(),
        })))
    }
}

/// Returns the close code of an error: the one that everybody knows, or one of our own.
fn code(answer: &Answer) -> u16 {
    match answer.code {
        ErrorCode::Internal => 1011,
        ErrorCode::Unavailable => 1013,
        _ => OWN_CODES + answer.http,
    }
}

#[cfg(test)]
mod tests {
    use tonic::Status;

    use super::*;

    fn failed(status: Status) -> End {
        End::of(&Error::Upstream {
            rpc: "test.Service.Call".to_owned(),
            status: Box::new(status),
        })
    }

    #[test]
    fn every_end_has_a_code_that_tells_what_to_do() {
        let cases = [
            (End::Told, 1000),
            (End::ComeBack, 1001),
            (End::TokenExpired, 4401),
            (End::Unexpected("x"), 1008),
            (End::TooLarge, 1009),
            (failed(Status::internal("")), 1011),
            (failed(Status::unavailable("")), 1013),
            (failed(Status::invalid_argument("")), 4400),
            (failed(Status::resource_exhausted("")), 4429),
        ];
        for (end, code) in cases {
            assert_eq!(end.code(), code, "{end:?}");
        }
        assert!(End::Gone.frame().is_none());
    }

    #[test]
    fn what_went_wrong_is_said_before_the_socket_closes() {
        let words = failed(Status::invalid_argument("")).last_words().unwrap();
        assert_eq!(words["error"]["status"], "INVALID_ARGUMENT");
        assert!(End::Told.last_words().is_none());
    }
}
