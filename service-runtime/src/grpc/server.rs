//! The gRPC server of a service.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{Request, Uri},
};
use serde::Deserialize;
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;
use tonic::{
    service::Routes,
    transport::{Server, server::TcpIncoming},
};
use tonic_health::{ServingStatus, server::HealthReporter};
use tower::ServiceExt;
use tracing::info;

use super::{
    auth::Verifier,
    layers::{Deadlines, Layered, Settings},
    local, methods, metrics, unimplemented,
};
use crate::{BoxError, lifecycle::ShutdownTokens, start_error::StartError};

const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for clients to close their connections after GOAWAY.
const DRAIN_GRACE: Duration = Duration::from_secs(1);
/// Default of servers.
const DEFAULT_CONNECTION_STREAMS: u32 = 200;
/// Default of generated servers.
const MAXIMUM_MESSAGE_BYTES: u32 = 4 * 1024 * 1024;

/// Address and limits of a gRPC server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrpcConfig {
    /// Address and port; port 0 picks a free one.
    pub address: SocketAddr,
    /// Largest size of a request message in bytes, 1 to 4194304 (4 MiB); 4 MiB unless set.
    #[serde(default = "default_message_bytes")]
    pub max_message_bytes: u32,
    /// Time limit of a call without a deadline, in milliseconds; 10 seconds unless set.
    #[serde(default = "default_deadline_ms")]
    pub default_deadline_ms: u64,
    /// Time limit of any call, in milliseconds; one minute unless set.
    #[serde(default = "max_deadline_ms")]
    pub max_deadline_ms: u64,
    /// Largest number of calls in flight over all connections; 512 unless set.
    #[serde(default = "max_concurrent_calls")]
    pub max_concurrent_calls: u32,
    /// Largest number of calls and streams in flight over one connection; 200 unless set, more for a service whose streams
    /// have no end.
    pub max_connection_streams: Option<u32>,
}

fn default_message_bytes() -> u32 {
    MAXIMUM_MESSAGE_BYTES
}

fn default_deadline_ms() -> u64 {
    10_000
}

fn max_deadline_ms() -> u64 {
    60_000
}

fn max_concurrent_calls() -> u32 {
    512
}

impl GrpcConfig {
    /// Returns the configuration with this address and otherwise defaults.
    pub fn at(address: SocketAddr) -> Self {
        Self {
            address,
            max_message_bytes: default_message_bytes(),
            default_deadline_ms: default_deadline_ms(),
            max_deadline_ms: max_deadline_ms(),
            max_concurrent_calls: max_concurrent_calls(),
            max_connection_streams: None,
        }
    }

    fn check(&self) -> Result<(), StartError> {
        let wrong = |setting, hint| Err(StartError::Config(format!("grpc.{setting}: {hint}")));
        if !(1..=MAXIMUM_MESSAGE_BYTES).contains(&self.max_message_bytes) {
            return wrong("max_message_bytes", "must be between 1 and 4194304");
        }
        if self.max_concurrent_calls == 0 {
            return wrong("max_concurrent_calls", "must be at least 1");
        }
        if self.max_connection_streams == Some(0) {
            return wrong("max_connection_streams", "must be at least 1");
        }
        if self.default_deadline_ms == 0 || self.default_deadline_ms > self.max_deadline_ms {
            return wrong(
                "default_deadline_ms",
                "must be between 1 and max_deadline_ms",
            );
        }
        Ok(())
    }
}

/// Checks the configuration and adds layers, health and reflection to the routes; returns the server, which answers calls on the
/// listener until the soft shutdown and then finishes those in flight.
pub async fn serve(
    listener: TcpListener,
    config: GrpcConfig,
    routes: Routes,
    verifier: Verifier,
    shutdown: ShutdownTokens,
) -> Result<impl Future<Output = Result<(), BoxError>> + Send + 'static, StartError> {
    config.check()?;
    metrics::describe();
    let routes = Routes::from(unimplemented::answer(routes.into_axum_router()));
    let names = served(&routes).await;
    let (health, health_server) = tonic_health::server::health_reporter();
    let routes = routes
        .add_service(health_server)
        .add_service(reflection(&names).build_v1().map_err(BoxError::from)?)
        .add_service(reflection(&names).build_v1alpha().map_err(BoxError::from)?);
    report(&health, &names, ServingStatus::Serving).await;

    let calls = Arc::new(Semaphore::new(
        usize::try_from(config.max_concurrent_calls).unwrap_or(usize::MAX),
    ));
    let settings = Settings {
        verifier,
        deadlines: Deadlines {
            default: Duration::from_millis(config.default_deadline_ms),
            maximum: Duration::from_millis(config.max_deadline_ms),
        },
        calls: Arc::clone(&calls),
        maximum_message_bytes: config.max_message_bytes,
        shutdown: shutdown.clone(),
    };
    let layered = Layered::around(routes.into_axum_router(), settings);
    for name in &names {
        info!(rpc.service = name, "serving {name}");
    }
    let address = listener.local_addr().map_err(BoxError::from)?;
    let registration = local::register(address, layered.clone());
    let idle = idle_after(shutdown.soft.clone(), calls, config.max_concurrent_calls);
    let ShutdownTokens { soft, hard } = shutdown;
    let stopped = async move {
        soft.cancelled().await;
        drop(registration);
        report(&health, &names, ServingStatus::NotServing).await;
    };
    let connection_streams = config
        .max_connection_streams
        .unwrap_or(DEFAULT_CONNECTION_STREAMS);
    let serving = Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .max_concurrent_streams(Some(connection_streams))
        .serve_with_incoming_shutdown(
            layered,
            TcpIncoming::from(listener).with_nodelay(Some(true)),
            stopped,
        );
    Ok(async move {
        tokio::select! {
            result = serving => Ok(result?),
            () = idle => Ok(()),
            () = hard.cancelled() => Ok(()),
        }
    })
}

/// Waits for the shutdown, gives clients a moment to close their connections, and then waits until no call is in flight: an idle
/// connection does not delay the shutdown.
async fn idle_after(stopping: CancellationToken, calls: Arc<Semaphore>, maximum: u32) {
    stopping.cancelled().await;
    tokio::time::sleep(DRAIN_GRACE).await;
    // Whoever holds every permit knows that no call has one. The semaphore is never closed.
    let _ = calls.acquire_many(maximum).await;
}

/// Returns the names of the declared services that the routes answer.
async fn served(routes: &Routes) -> Vec<String> {
    let mut names = Vec::new();
    for name in methods::services() {
        let path = format!("/{name}/-");
        let Ok(uri) = path.parse::<Uri>() else {
            continue;
        };
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = uri;
        let Ok(response) = routes.clone().oneshot(request).await;
        if !unimplemented::is_from_here(response.extensions()) {
            names.push(name.clone());
        }
    }
    names
}

fn reflection(names: &[String]) -> tonic_reflection::server::Builder<'static> {
    let builder = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(taskmesh_proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .with_service_name("grpc.health.v1.Health");
    names
        .iter()
        .fold(builder, |builder, name| builder.with_service_name(name))
}

async fn report(health: &HealthReporter, names: &[String], status: ServingStatus) {
    for name in names.iter().map(String::as_str).chain([""]) {
        health.set_service_status(name, status).await;
    }
}
