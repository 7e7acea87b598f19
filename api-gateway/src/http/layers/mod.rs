//! The layers around every HTTP answer, outermost first:
//!
//! 1. `trace` – everything, refusals included, belongs to a trace and is logged and counted
//! 2. `security_headers` – browsers do not guess types and do not send URLs to other servers
//! 3. `allow` – OPTIONS names the methods of a path
//! 4. `cors` – a web page may read errors too, and its preflight request carries no token
//! 5. `compression` – larger answers whose length is known
//! 6. `catch_panic` – a panic becomes an answer, not a broken connection
//! 7. `normalize_path` – the same path is found however its characters are written
//!
//! Within them, around all but the public documents: `live::open_stream`, which opens WebSockets and redeems
//! tickets, then `crate::auth::require_token`, and within that, because it counts for each user, `crate::rate_limit::limit`.

mod allow;
mod catch_panic;
mod compression;
mod cors;
mod normalize_path;
mod security_headers;
mod trace;

pub use allow::allow;
pub use catch_panic::catch_panic;
pub(super) use compression::accepts_gzip;
pub use compression::{compression, plain_accept_encoding};
pub use cors::cors;
pub use normalize_path::{normalize_path, with_path_and_query};
pub use security_headers::security_headers;
pub use trace::trace;
