//! What every call passes on its way to the handler, outermost first:
//!
//! 1. `telemetry`: span, trace and metrics; outermost, so that refusals by all the others are seen and counted.
//! 2. `panic`: turns a panic of anything below into an answer; inside the trace, so that the answer names it.
//! 3. `load`: refuses calls beyond the limit; before any work is done for them.
//! 4. `stop`: ends what a stop does not wait for; outside of everything that may take time.
//! 5. `deadline`: ends calls whose time is up; outside of auth, which may wait for keys.
//! 6. `auth`: verifies the token and tells the handler who calls; before a byte of the message is read.
//! 7. `message_size`: ends requests that are too large while they are read; after auth, because only the handler reads.
//! 8. `details`: gives a reason to errors that have none; innermost, because all others give their own.

mod auth;
mod deadline;
mod details;
mod load;
mod message_size;
mod panic;
mod refusal;
mod stop;
mod telemetry;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};
use tokio::sync::Semaphore;
use tower::ServiceBuilder;

use super::{auth::Verifier, server::StopSignals};

/// What the layers need to know.
pub(super) struct Settings {
    pub(super) verifier: Verifier,
    pub(super) default_deadline: Duration,
    pub(super) maximum_deadline: Duration,
    pub(super) calls: Arc<Semaphore>,
    pub(super) maximum_message_bytes: u32,
    pub(super) stop: StopSignals,
}

/// Puts the layers around the routes.
pub(super) fn around(routes: Router, settings: Settings) -> Router {
    let deadlines = deadline::Deadlines {
        default: settings.default_deadline,
        maximum: settings.maximum_deadline,
    };
    routes.layer(
        ServiceBuilder::new()
            .layer(from_fn(telemetry::observe))
            .layer(from_fn(panic::catch))
            .layer(from_fn_with_state(settings.calls, load::limit))
            .layer(from_fn_with_state(settings.stop, stop::end))
            .layer(from_fn_with_state(deadlines, deadline::limit))
            .layer(from_fn_with_state(settings.verifier, auth::verify))
            .layer(from_fn_with_state(
                settings.maximum_message_bytes,
                message_size::limit,
            ))
            .layer(from_fn(details::complete)),
    )
}
