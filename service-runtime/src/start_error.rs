use std::net::SocketAddr;

use crate::BoxError;

/// Reason why a service did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Invalid configuration.
    #[error("{0}")]
    Config(String),
    /// Address that is in use or does not belong to this machine.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        address: SocketAddr,
        cause: std::io::Error,
    },
    /// Any other error.
    #[error(transparent)]
    Other(#[from] BoxError),
}
