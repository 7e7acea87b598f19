use axum::response::Response;
use http::{header, request::Parts};
use service_runtime::grpc::Verified;

use crate::{
    auth::Auth,
    error::Error,
    http::{header_list, problem},
    tickets,
};

/// Name of the WebSocket protocol.
pub(super) const PROTOCOL: &str = "taskmesh.live.v1";
/// Prefix of an offered protocol that is a token.
const TOKEN_PREFIX: &str = "bearer.";

/// Credential of a client that opens a WebSocket.
pub(super) enum Credentials {
    /// Verified token of the header `Authorization`.
    Verified(Verified),
    /// Token among the offered protocols.
    Token(String),
    /// Ticket in the URL.
    Ticket(String),
    /// Token of the first message, still to come.
    FirstMessage,
}

impl Credentials {
    /// Returns the credential of a request, or the refusal. A token in the header is refused in the answer, as for other requests. A
    /// browser hides that answer from its page, so the credentials of browsers are verified once there is a socket for the error.
    pub(super) async fn of(
        auth: &Auth,
        parts: &Parts,
        ticket: Option<String>,
    ) -> Result<Self, Box<Response>> {
        let headers = &parts.headers;
        let in_header = headers.contains_key(header::AUTHORIZATION);
        let token = header_list(headers, header::SEC_WEBSOCKET_PROTOCOL)
            .find_map(|name| name.strip_prefix(TOKEN_PREFIX));
        match (ticket, token) {
            (None, _) if in_header => match auth.bearer(headers).await {
                Ok(verified) => Ok(Self::Verified(verified)),
                Err(cause) => Err(Box::new(auth.refusal(cause, parts.uri.path()))),
            },
            (None, Some(token)) => Ok(Self::Token(token.to_owned())),
            (None, None) => Ok(Self::FirstMessage),
            (Some(ticket), None) if !in_header => Ok(Self::Ticket(ticket)),
            (Some(_), _) => Err(Box::new(problem(two_credentials()))),
        }
    }
}

/// Returns the error of a request with a ticket and a token.
pub(super) fn two_credentials() -> Error {
    Error::field(
        tickets::PARAMETER,
        "must not be given together with a token; use one of them",
    )
}
