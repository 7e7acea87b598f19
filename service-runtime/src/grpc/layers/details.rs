//! Every error tells its reason, also one that the protocol code below made up.

use axum::response::Response;
use tonic::{Code, Status};

use super::refusal::{Refusal, refuse};
use crate::grpc::error::{ApiError, ErrorCode};

/// What the decoder of messages says first.
const UNDECODABLE: &str = "failed to decode Protobuf message";

/// Gives a reason to an error that has none, and takes the words of one that is a fault of the service.
pub(super) fn complete(maximum_message_bytes: u32, response: Response) -> Response {
    match Status::from_header_map(response.headers()) {
        // The decoder refuses a message by the length that its prefix declares.
        Some(status) if status.code() == Code::OutOfRange && status.details().is_empty() => {
            refuse(&Refusal::TooLarge {
                limit: maximum_message_bytes,
            })
        }
        Some(status) if status.code() != Code::Ok && status.details().is_empty() => {
            refuse(&Bare(status))
        }
        _ => response,
    }
}

/// An error without a reason.
#[derive(Debug)]
struct Bare(Status);

impl Bare {
    fn is_undecodable(&self) -> bool {
        self.0.code() == Code::Internal && self.0.message().starts_with(UNDECODABLE)
    }
}

impl std::error::Error for Bare {}

impl std::fmt::Display for Bare {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let message = self.0.message();
        if self.is_undecodable() {
            write!(
                formatter,
                "the request is not a message of this method's type: {message}"
            )
        } else if message.is_empty() && self.0.code() == Code::Unimplemented {
            formatter.write_str("no such method here: check its name")
        } else {
            formatter.write_str(message)
        }
    }
}

impl ApiError for Bare {
    fn code(&self) -> ErrorCode {
        if self.is_undecodable() {
            ErrorCode::InvalidArgument
        } else {
            ErrorCode::of(&self.0)
        }
    }

    fn reason(&self) -> &'static str {
        if self.is_undecodable() {
            "MALFORMED_MESSAGE"
        } else {
            self.code().name()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grpc::status::status;

    #[test]
    fn undecodable_message_is_invalid_argument() {
        let bare = Bare(Status::internal(
            "failed to decode Protobuf message: buffer underflow",
        ));
        assert_eq!(status(&bare).code(), Code::InvalidArgument);
    }

    #[test]
    fn unknown_method_has_a_message() {
        let bare = Bare(Status::unimplemented(""));
        assert_eq!(
            status(&bare).message(),
            "no such method here: check its name"
        );
    }
}
