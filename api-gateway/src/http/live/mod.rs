//! Live streams over WebSockets. What is told, and how it is written as JSON, is the same as over server-sent events: the messages of
//! the RPC, each a text of JSON; an error is told as `{"error": …}` before the socket closes.
//!
//! The credential is a token in a header of the request, or in one of the protocols that it offers (`bearer.` and the token, beside
//! `taskmesh.live.v1`), or in the first message, `{"token": "…", "request": {…}}`; or it is a ticket in the URL, which opens
//! server-sent events as well. A token never stands in the URL, where proxies would log it. Nothing else is expected from the client.

mod close;
mod credentials;
mod door;
mod greeting;
mod session;
mod ticket_route;
mod upgrade;

pub(super) use door::{Door, open_stream};
pub(super) use ticket_route::{is_ticket_route, issue_ticket};
