use serde_json::{Value, json};
use service_runtime::grpc::ErrorCode;
use tokio_tungstenite::tungstenite::{
    self,
    error::ProtocolError,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::{answer::Answer, error::Error, http::problem::status_json};

/// The beginning of the codes of our own: the HTTP status of the same error is added.
const OWN_CODES: u16 = 4_000;
/// The code that stands for a close frame without one (RFC 6455, section 7.4.1).
const NO_CODE: u16 = 1_005;
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
    /// The client sent frames that break RFC 6455.
    ProtocolError,
    /// The client sent a text that is not UTF-8.
    NotUtf8,
    /// The client sent something that is too large.
    TooLarge,
    /// The client has closed the socket with this code.
    ClosedByClient(u16),
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
    pub(super) fn of_broken(cause: &tungstenite::Error) -> Self {
        match cause {
            tungstenite::Error::Capacity(_) => Self::TooLarge,
            tungstenite::Error::Utf8(_) => Self::NotUtf8,
            tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Gone,
            tungstenite::Error::Protocol(_) => Self::ProtocolError,
            _ => Self::Gone,
        }
    }

    /// Returns the end that a client's close frame is.
    pub(super) fn closed_by_client(frame: Option<&CloseFrame>) -> Self {
        Self::ClosedByClient(frame.map_or(NO_CODE, |frame| frame.code.into()))
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
            Self::ProtocolError => 1002,
            Self::NotUtf8 => 1007,
            Self::TokenExpired => OWN_CODES + 401,
            Self::Unexpected(_) => 1008,
            Self::TooLarge => 1009,
            // Clients may invent codes, but not time series.
            Self::ClosedByClient(code) => (*code).min(OWN_CODES),
            Self::Failed(answer) => code(answer),
            Self::Gone => 0,
        }
    }

    /// Returns the frame that closes the socket, if the client has not closed it already.
    pub(super) fn frame(&self) -> Option<CloseFrame> {
        let reason = match self {
            Self::Told => "stream completed",
            Self::ComeBack => "reconnect with the last resume_token",
            Self::ProtocolError => "invalid frame; follow RFC 6455",
            Self::NotUtf8 => "text must be UTF-8",
            Self::TokenExpired => "TOKEN_EXPIRED",
            Self::Unexpected(reason) => reason,
            Self::TooLarge => "message too large; send less at once",
            Self::Failed(answer) => answer.reason.as_str(),
            Self::ClosedByClient(_) | Self::Gone => return None,
        };
        let mut end = reason.len().min(MOST_REASON_BYTES);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        Some(CloseFrame {
            code: CloseCode::from(self.code()),
            reason: reason[..end].into(),
        })
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
            (End::ProtocolError, 1002),
            (End::NotUtf8, 1007),
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
        for end in [End::Gone, End::ClosedByClient(1000)] {
            assert!(end.frame().is_none(), "{end:?}");
        }
        assert_eq!(End::closed_by_client(None).code(), 1005);
        assert_eq!(End::ClosedByClient(4321).code(), 4000);
    }

    #[test]
    fn what_went_wrong_is_said_before_the_socket_closes() {
        let words = failed(Status::invalid_argument("")).last_words().unwrap();
        assert_eq!(words["error"]["status"], "INVALID_ARGUMENT");
        assert!(End::Told.last_words().is_none());
    }
}
