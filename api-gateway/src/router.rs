use std::sync::Arc;

use axum::Router;
use service_runtime::{
    StartError,
    grpc::{ServiceIdentity, Verifier},
};
use tracing::info;

use crate::{
    auth::Auth,
    catalog::Catalog,
    config::Config,
    gateway::{Gateway, Streams},
    http,
    mcp::{Endpoint, Tools},
    rate_limit::UserRateLimiter,
    tickets::Tickets,
    upstream::Upstreams,
    web_origin::AllowedOrigins,
};

/// Returns the routes of a gateway that serves a catalog.
///
/// # Errors
///
/// Fails if the configuration is wrong, or a tool has no schema.
pub fn router(
    catalog: Catalog,
    config: &Config,
    identity: ServiceIdentity,
    verifier: Verifier,
    streams: Streams,
) -> Result<Router, StartError> {
    config.check().map_err(StartError::Config)?;
    let origins = |setting, origins: &[String]| {
        let origins = AllowedOrigins::new(setting, origins, &config.public_url);
        origins.map_err(StartError::Config)
    };
    let web_origins = origins("cors_allowed_origins", &config.cors_allowed_origins)?;
    let mcp_origins = origins("mcp.allowed_origins", &config.mcp.allowed_origins)?;
    let upstreams = Upstreams::connect(&catalog, &config.upstreams, identity.clone())
        .map_err(StartError::Config)?;
    let tools = Tools::new(&catalog).map_err(|error| StartError::Other(error.into()))?;
    info!(
        "serving {} RPCs, {} of them as MCP tools",
        catalog.rpcs.len(),
        tools.list().len()
    );
    let tools = Arc::new(tools);
    let gateway = Arc::new(Gateway {
        catalog,
        upstreams,
        auth: Auth {
            verifier: verifier.clone(),
            public_url: config.public_url.clone(),
            proxies: config.proxies,
        },
        tickets: Tickets::new(identity, verifier),
        rate_limiter: UserRateLimiter::new(&config.requests),
        origins: web_origins,
        requests: config.requests,
        streams,
    });
    let mcp = Endpoint::new(
        Arc::clone(&gateway),
        Arc::clone(&tools),
        &config.mcp,
        mcp_origins,
    );
    let issuer = &config.auth.users.issuer;
    Ok(http::router(gateway, issuer, mcp.route(), tools.list()))
}
