//! The door: JSON and MCP in, gRPC out.
//!
//! Owns: no data. Answers: HTTP, one route for each `google.api.http` rule of the contract, and the contract's tools at
//! `/mcp`. Emits and listens to: nothing. It reads the descriptors and knows no message by name.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

use std::sync::Arc;

use service_runtime::{BoxError, Context, Service, StartError, postgres::Schema};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::info;

pub mod answer;
pub mod auth;
pub mod catalog;
pub mod config;
pub mod error;
pub mod gateway;
pub mod http;
pub mod mcp;
pub mod metrics;
pub mod origin;
pub mod rates;
pub mod tickets;
pub mod transcode;
pub mod upstream;
mod validation;
pub mod web_origin;

pub use config::Config;

use auth::Auth;
use catalog::Catalog;
use gateway::Gateway;
use rates::Rates;
use tickets::Tickets;
use upstream::Upstreams;

/// The gateway.
pub struct ApiGateway;

impl Service for ApiGateway {
    const NAME: &'static str = "api-gateway";
    const ENV_PREFIX: &'static str = "API_GATEWAY";
    const SCHEMA: Option<Schema> = None;
    type Config = Config;

    async fn start(context: Context<Config>) -> Result<(), StartError> {
        metrics::describe();
        let config = context.config();
        config.check().map_err(StartError::Config)?;
        let catalog = Catalog::read(taskmesh_proto::FILE_DESCRIPTOR_SET).map_err(fault)?;
        let upstreams = Upstreams::connect(&catalog, &config.upstreams, context.identity())
            .map_err(|wrong| StartError::Config(wrong.to_string()))?;
        let tools = mcp::Tools::new(&catalog).map_err(fault)?;
        info!(
            "serving {} RPCs, {} of them as MCP tools",
            catalog.rpcs.len(),
            tools.list().len()
        );
        let stopping = CancellationToken::new();
        let sockets = TaskTracker::new();
        context.spawn("streams", {
            let (stopping, sockets) = (stopping.clone(), sockets.clone());
            async move |stop| {
                stop.cancelled().await;
                stopping.cancel();
                sockets.close();
                sockets.wait().await;
                Ok(())
            }
        });
        let gateway = Arc::new(Gateway {
            catalog: Arc::new(catalog),
            upstreams,
            tickets: Tickets::new(context.identity(), context.verifier()),
            requests: config.requests,
            stopping,
            sockets,
        });
        let (web_origins, mcp_origins) = config.origins().map_err(StartError::Config)?;
        let mcp = mcp::Door::new(
            Arc::clone(&gateway),
            tools,
            &config.mcp,
            mcp_origins,
            &config.public_url,
        );
        let router = http::router(http::RouterParts {
            gateway,
            auth: Auth {
                verifier: context.verifier(),
                public_url: config.public_url.clone(),
                proxies: config.proxies,
            },
            issuer: config.auth.users.issuer.clone(),
            rates: Rates::new(&config.requests),
            origins: web_origins,
            mcp,
        });
        context.serve_http(router).await
    }
}

/// The contract itself is at fault, which no configuration mends.
fn fault(cause: impl Into<BoxError>) -> StartError {
    StartError::Other(cause.into())
}
