//! The operator's port: `/metrics` for Prometheus, `/healthz` (the process lives) and `/readyz` (it takes work).

use std::net::SocketAddr;

use axum::{Router, extract::State, http::StatusCode, routing::get};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{BoxError, telemetry::metrics};

/// Where the operator's port is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminConfig {
    /// Address and port; port 0 picks a free one.
    pub address: SocketAddr,
}

/// What `/readyz` answers from.
#[derive(Clone)]
pub(crate) struct Readiness {
    pub started: CancellationToken,
    pub stopping: CancellationToken,
}

/// Answers on the operator's port until the tasks of the service have been cut or are done.
pub(crate) async fn serve(
    listener: TcpListener,
    readiness: Readiness,
    stopping: CancellationToken,
) -> Result<(), BoxError> {
    let router = Router::new()
        .route("/metrics", get(async || metrics::render()))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .with_state(readiness);
    axum::serve(listener, router)
        .with_graceful_shutdown(stopping.cancelled_owned())
        .await?;
    Ok(())
}

async fn ready(State(readiness): State<Readiness>) -> (StatusCode, &'static str) {
    if readiness.stopping.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else if readiness.started.is_cancelled() {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "starting\n")
    }
}
