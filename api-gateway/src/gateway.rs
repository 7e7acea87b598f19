use service_runtime::grpc::Caller;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    auth::Auth,
    catalog::{Catalog, Rpc},
    config::RequestsConfig,
    error::Error,
    rate_limit::UserRateLimiter,
    tickets::Tickets,
    transcode::Reading,
    upstream::Upstreams,
    validation::{add_new, only_checked},
    web_origin::AllowedOrigins,
};

/// State that all requests share.
pub struct Gateway {
    /// Exposed RPCs.
    pub catalog: Catalog,
    /// Services that answer them.
    pub upstreams: Upstreams,
    /// Verification of users' tokens.
    pub auth: Auth,
    /// Tickets that open live streams.
    pub tickets: Tickets,
    /// Rate limits of users.
    pub rate_limiter: UserRateLimiter,
    /// Origins of web pages that may call, except for MCP.
    pub origins: AllowedOrigins,
    /// Limits of a request.
    pub requests: RequestsConfig,
    /// Shutdown of streams and WebSockets.
    pub streams: Streams,
}

/// Shutdown of streams and WebSockets.
#[derive(Debug, Clone, Default)]
pub struct Streams {
    /// Cancelled when the gateway shuts down.
    pub stopping: CancellationToken,
    /// Open WebSockets, which a shutdown waits for.
    pub sockets: TaskTracker,
}

impl Gateway {
    /// Returns the request message if all of it could be read. Else, where the RPC can be called only to be checked (AIP-163), the
    /// service checks the part that could.
    ///
    /// # Errors
    ///
    /// Fails with all that is wrong.
    pub async fn require_complete(
        &self,
        caller: &Caller,
        rpc: &Rpc,
        reading: Reading,
    ) -> Result<Vec<u8>, Error> {
        let Reading {
            message,
            mut violations,
        } = reading;
        if violations.is_empty() {
            return Ok(message);
        }
        if let Some(message) = only_checked(&self.catalog.plans, rpc, &message, &violations)
            && let Err(error) = self.upstreams.call(caller, rpc, message.into()).await
        {
            add_new(&mut violations, error.0.violations);
        }
        Err(Error::fields(violations))
    }
}
