use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::start_error::StartError;

/// Opens a port; returns its address as well, since port 0 picks a free one.
pub(crate) async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |cause| StartError::Listen { address, cause };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}
