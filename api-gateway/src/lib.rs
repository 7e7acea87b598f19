//! Gateway: JSON and MCP in, gRPC out.
//!
//! Owns: no data. Answers: HTTP, one route for each `google.api.http` rule of the contract, and the contract's tools at
//! `/mcp`. Emits and listens to: nothing. It reads the descriptors and knows no message by name.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

use service_runtime::{Context, Running, Service, StartError, postgres::Schema};

mod auth;
pub mod catalog;
mod config;
mod error;
mod gateway;
pub mod http;
pub mod mcp;
mod metrics;
mod origin;
mod rate_limit;
mod router;
pub mod tickets;
pub mod transcode;
pub mod upstream;
mod validation;
pub mod web_origin;

pub use config::Config;
pub use gateway::Streams;
pub use router::router;

use catalog::Catalog;

/// The gateway.
pub struct ApiGateway;

impl Service for ApiGateway {
    const NAME: &'static str = "api-gateway";
    const ENV_PREFIX: &'static str = "API_GATEWAY";
    const SCHEMA: Option<Schema> = None;
    type Config = Config;

    async fn start(context: Context<Config>) -> Result<Running, StartError> {
        metrics::describe();
        let catalog = Catalog::read(taskmesh_proto::FILE_DESCRIPTOR_SET)
            .map_err(|error| StartError::Other(error.into()))?;
        let streams = Streams::default();
        let router = router(
            catalog,
            context.config(),
            context.identity(),
            context.verifier(),
            streams.clone(),
        )?;
        context.spawn("streams", async move |stop| {
            stop.cancelled().await;
            streams.stopping.cancel();
            streams.sockets.close();
            streams.sockets.wait().await;
            Ok(())
        });
        context.serve_http(router).await
    }
}
