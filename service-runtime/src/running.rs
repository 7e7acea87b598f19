use std::net::SocketAddr;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::lifecycle::{Lifecycle, StopError, TaskFailure};

/// Running service.
pub struct Running {
    pub(crate) name: &'static str,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) failures: UnboundedReceiver<TaskFailure>,
    pub(crate) grpc_address: Option<SocketAddr>,
    pub(crate) http_address: Option<SocketAddr>,
    pub(crate) admin_address: SocketAddr,
}

impl Running {
    /// Returns the service's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the address of its gRPC server.
    pub fn grpc_address(&self) -> Option<SocketAddr> {
        self.grpc_address
    }

    /// Returns the address of its HTTP server.
    pub fn http_address(&self) -> Option<SocketAddr> {
        self.http_address
    }

    /// Returns the address of the operator's port.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Returns the token that turns a graceful shutdown into a hard one.
    pub fn hard_shutdown(&self) -> CancellationToken {
        self.lifecycle.hard_shutdown()
    }

    /// Waits until one of the service's tasks fails.
    pub async fn wait(&mut self) -> TaskFailure {
        match self.failures.recv().await {
            Some(failure) => failure,
            None => std::future::pending().await,
        }
    }

    /// Stops the service: a graceful shutdown, then a hard one for the tasks that are left.
    pub async fn stop(self) -> Result<(), StopError> {
        let stopped = self.lifecycle.stop().await;
        info!("{} stopped", self.name);
        stopped
    }
}
