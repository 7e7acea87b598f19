//! Live streams over WebSockets. What is told, and how it is written as JSON, is the same as over server-sent events: the messages of
//! the RPC, each a text of JSON; an error is told as `{"error": …}` before the socket closes.
//!
//! The token is a header of the request, or one of the protocols that it offers (`bearer.` and the token, beside
//! `taskmesh.live.v1`), which is all that a browser can set; or it comes in the first message, `{"token": "…", "request": {…}}`. It
//! never stands in the URL, where proxies would write it down. Nothing else is expected from the client.

mod close;
mod credentials;
mod door;
mod greeting;
mod session;

pub(super) use door::{Door, open_socket};
