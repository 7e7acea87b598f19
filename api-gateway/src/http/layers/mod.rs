//! The layers around every HTTP answer, outermost first:
//!
//! 1. `trace` – everything, refusals included, belongs to a trace and is logged and counted
//! 2. `cors` – a web page may read errors too, and its preflight request carries no token
//! 3. `catch_panic` – a panic becomes an answer, not a broken connection
//!
//! Within them, around all but the open documents: `live::open_socket`, which answers requests for WebSockets by itself, then
//! `crate::auth::require_token`, and within that, because it counts for each user, `crate::rates::limit`.

mod catch_panic;
mod cors;
mod trace;

pub use catch_panic::catch_panic;
pub use cors::cors;
pub use trace::trace;
