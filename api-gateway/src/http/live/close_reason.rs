use std::borrow::Cow;

use serde_json::json;
use service_runtime::grpc::ErrorCode;
use tokio_tungstenite::tungstenite::{
    self,
    error::ProtocolError,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::{error::Error, http::problem::status_json};

/// First of the codes for applications; the HTTP status of the same error is added.
const APPLICATION_CODES: u16 = 4_000;
/// Code that stands for a close frame without one (RFC 6455, section 7.4.1).
const NO_CODE: u16 = 1_005;
/// Maximum size of the reason in a close frame.
const MAX_REASON_BYTES: usize = 123;

/// Reason for the end of a socket.
#[derive(Debug, PartialEq)]
pub(super) struct CloseReason {
    /// Close code; 0 if the client is gone.
    pub(super) code: u16,
    /// Text of the close frame; none if the client has closed the socket or is gone.
    text: Option<Cow<'static, str>>,
    /// JSON of the error that is sent before the close frame.
    pub(super) error: Option<String>,
}

impl CloseReason {
    /// The service has sent everything.
    pub(super) const COMPLETED: Self = Self::new(1000, "stream completed");
    /// The gateway shuts down, or the time of the stream is up; the client reconnects and resumes.
    pub(super) const RECONNECT: Self = Self::new(1001, "reconnect with the last resume_token");
    /// The token has expired.
    pub(super) const TOKEN_EXPIRED: Self = Self::new(APPLICATION_CODES + 401, "TOKEN_EXPIRED");
    /// The client is gone, or does not read.
    pub(super) const GONE: Self = Self {
        code: 0,
        text: None,
        error: None,
    };

    const fn new(code: u16, text: &'static str) -> Self {
        Self {
            code,
            text: Some(Cow::Borrowed(text)),
            error: None,
        }
    }

    /// Returns the reason of a client that sent an unexpected message.
    pub(super) const fn unexpected(text: &'static str) -> Self {
        Self::new(1008, text)
    }

    /// Returns the reason of a failure to receive.
    pub(super) fn receive_failed(cause: &tungstenite::Error) -> Self {
        match cause {
            tungstenite::Error::Capacity(_) => {
                Self::new(1009, "message too large; send less at once")
            }
            tungstenite::Error::Utf8(_) => Self::new(1007, "text must be UTF-8"),
            tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::GONE,
            tungstenite::Error::Protocol(_) => Self::new(1002, "invalid frame; follow RFC 6455"),
            _ => Self::GONE,
        }
    }

    /// Returns the reason of a client's close frame.
    pub(super) fn closed_by_client(frame: Option<&CloseFrame>) -> Self {
        let code = frame.map_or(NO_CODE, |frame| frame.code.into());
        Self {
            // Clients may invent codes, but not time series.
            code: code.min(APPLICATION_CODES),
            ..Self::GONE
        }
    }

    /// Returns the frame that closes the socket, if the client has not closed it already.
    pub(super) fn frame(&self) -> Option<CloseFrame> {
        let text = self.text.as_deref()?;
        let end = text.floor_char_boundary(MAX_REASON_BYTES);
        Some(CloseFrame {
            code: CloseCode::from(self.code),
            reason: text[..end].into(),
        })
    }
}

impl<E: Into<Error>> From<E> for CloseReason {
    fn from(error: E) -> Self {
        let answer = error.into().response();
        Self {
            code: match answer.code {
                ErrorCode::Internal => 1011,
                ErrorCode::Unavailable => 1013,
                _ => APPLICATION_CODES + answer.http,
            },
            error: Some(json!({ "error": status_json(&answer) }).to_string()),
            text: Some(answer.reason.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use tonic::Status;

    use super::*;

    fn failed(status: Status) -> CloseReason {
        CloseReason::from(Error::upstream("test.Service.Call", &status))
    }

    #[test]
    fn error_has_the_code_that_tells_what_to_do() {
        for (status, code) in [
            (Status::internal(""), 1011),
            (Status::unavailable(""), 1013),
            (Status::invalid_argument(""), 4400),
            (Status::resource_exhausted(""), 4429),
        ] {
            let reason = failed(status);
            assert_eq!(reason.code, code, "{reason:?}");
            let error: serde_json::Value = serde_json::from_str(&reason.error.unwrap()).unwrap();
            assert_eq!(error["error"]["status"], *reason.text.unwrap());
        }
    }

    #[test]
    fn close_frame_of_client_is_not_answered_with_another() {
        let reason = CloseReason::closed_by_client(None);
        assert_eq!((reason.code, reason.frame()), (1005, None));
        let frame = CloseFrame {
            code: CloseCode::from(4321),
            reason: "".into(),
        };
        assert_eq!(CloseReason::closed_by_client(Some(&frame)).code, 4000);
    }
}
