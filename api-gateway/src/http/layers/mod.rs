//! The layers around every HTTP answer, outermost first:
//!
//! 1. `trace` – everything, refusals included, belongs to a trace and is logged and counted
//! 2. `cors` – a web page may read errors too, and its preflight request carries no token
//! 3. `catch_panic` – a panic becomes an answer, not a broken connection
//!
//! Within them, and around all but the open documents: `crate::auth::require_token`, and within that, because it counts for
//! each user, `crate::rates::limit`.

mod catch_panic;
mod cors;
mod trace;

pub use catch_panic::catch_panic;
pub use cors::cors;
pub use trace::trace;
