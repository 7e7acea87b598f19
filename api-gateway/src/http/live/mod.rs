//! Live streams over WebSockets. The messages of the RPC and their JSON are the same as over server-sent events, each in one text
//! message; an error is sent as `{"error": …}` before the socket closes.
//!
//! The credential is a token in a header of the request, or in one of the protocols that it offers (`bearer.` and the token, beside
//! `taskmesh.live.v1`), or in the first message, `{"token": "…", "request": {…}}`; or it is a ticket in the URL, which opens
//! server-sent events as well. A token never stands in the URL, where proxies would log it. The client sends nothing else.

mod close_reason;
mod connection_init;
mod credentials;
mod open_stream;
mod session;
mod ticket_route;
mod upgrade;

pub(super) use open_stream::open_stream;
pub(super) use ticket_route::{is_ticket_route, issue_ticket};
