//! Layers between a call and its handler, outermost first. Health and reflection pass only 1, 2, 4 and 8.
//!
//! 1. `telemetry`: span, trace and metrics; outermost, so that refusals by all the others are seen and counted.
//! 2. `panic`: turns a panic of anything below into an answer; inside the trace, so that the answer names it.
//! 3. `load`: refuses calls beyond the limit; before any work is done for them.
//! 4. `shutdown`: ends calls that a shutdown does not wait for; outside of everything that may take time.
//! 5. `deadline`: ends calls whose time is up; outside of auth, which may wait for keys.
//! 6. `auth`: verifies the token and tells the handler who calls; before a byte of the message is read.
//! 7. `message_size`: ends requests whose message is too long while they are read; after auth, because only the handler reads.
//! 8. `details`: gives a reason to errors that have none; innermost, because all others give their own.

mod auth;
mod deadline;
mod details;
mod load;
mod message_size;
mod panic;
mod refusal;
mod shutdown;
mod telemetry;

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{Router, body::Body, extract::Request, response::Response};
use futures::future::BoxFuture;
use tokio::sync::Semaphore;
use tower::{Service, ServiceExt};

use super::{auth::Verifier, methods};
use crate::lifecycle::ShutdownTokens;

pub(super) use deadline::Deadlines;

/// What the layers need to know.
pub(super) struct Settings {
    pub(super) verifier: Verifier,
    pub(super) deadlines: Deadlines,
    pub(super) calls: Arc<Semaphore>,
    pub(super) maximum_message_bytes: u32,
    pub(super) shutdown: ShutdownTokens,
}

/// The routes of a server with the layers around them.
///
/// The layers are functions that call each other: as services of their own, each would be boxed and cloned for every call, which
/// cost more than what a small call asks for.
#[derive(Clone)]
pub(super) struct Layered {
    settings: Arc<Settings>,
    routes: Router,
}

impl Layered {
    /// Puts the layers around the routes.
    pub(super) fn around(routes: Router, settings: Settings) -> Self {
        Self {
            settings: Arc::new(settings),
            // Makes the routes ready now instead of for each call.
            routes: routes.with_state(()),
        }
    }

    async fn answer(self, request: Request) -> Response {
        let Self { settings, routes } = self;
        let Settings {
            verifier,
            deadlines,
            calls,
            maximum_message_bytes,
            shutdown,
        } = &*settings;
        let ShutdownTokens { soft, hard } = shutdown;
        let is_open = methods::is_open(request.uri().path());
        let answer = async |request| {
            let Ok(response) = routes.oneshot(request).await;
            details::complete(*maximum_message_bytes, response)
        };
        telemetry::observe(request, |request| {
            panic::catch(request, async |request| {
                // Streams of health and reflection have no end, and a busy service must not be taken for a dead one.
                if is_open {
                    return shutdown::end(hard, soft, request, answer).await;
                }
                load::limit(calls, request, |request| {
                    shutdown::end(hard, hard, request, |request| {
                        deadline::limit(deadlines, request, |request| {
                            auth::verify(verifier, request, |request| {
                                answer(message_size::limit(*maximum_message_bytes, request))
                            })
                        })
                    })
                })
                .await
            })
        })
        .await
    }
}

impl Service<http::Request<tonic::body::Body>> for Layered {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let layered = self.clone();
        Box::pin(async move { Ok(layered.answer(request.map(Body::new)).await) })
    }
}
