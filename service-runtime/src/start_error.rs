use std::net::SocketAddr;

use crate::{BoxError, grpc::ServeError};

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

impl From<ServeError> for StartError {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::Setting { .. } => Self::Config(error.to_string()),
            _ => Self::Other(error.into()),
        }
    }
}
