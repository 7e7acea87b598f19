//! The running broker.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};

use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    task::{JoinError, JoinSet},
};

use crate::{
    connection,
    node::Node,
    store::{Store, StoreError},
};

/// A running broker; dropping it closes its connections.
#[derive(Debug)]
pub struct Broker {
    address: SocketAddr,
    server: JoinSet<io::Error>,
    runtime: Option<Runtime>,
}

/// Why the broker did not start, or stopped on its own.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The data folder cannot be created.
    #[error("cannot create the broker's folder")]
    Folder(#[source] io::Error),
    /// The port is in use or not allowed.
    #[error("the broker cannot listen on port {0}")]
    Listen(u16, #[source] io::Error),
    /// The system has no thread left.
    #[error("cannot start the broker's thread")]
    Thread(#[source] io::Error),
    /// The storage cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The broker accepts no more connections.
    #[error("the broker cannot accept connections")]
    Accept(#[source] io::Error),
    /// A defect of the broker.
    #[error("the broker panicked")]
    Panic(#[source] JoinError),
    /// The broker was stopped before.
    #[error("the broker was stopped")]
    Stopped,
}

impl Broker {
    /// Starts the broker on loopback with its storage in `<data folder>/broker`; port 0 picks a free port.
    pub async fn start(data_folder: &Path, port: u16) -> Result<Self, BrokerError> {
        let folder = data_folder.join("broker");
        fs::create_dir_all(&folder).map_err(BrokerError::Folder)?;
        let listen = |error| BrokerError::Listen(port, error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let node = Arc::new(Node::load(address, Store::open(&folder)?)?);
        // A thread of its own, because the storage blocks it and the caller's runtime must not wait for that.
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("broker")
            .enable_all()
            .build()
            .map_err(BrokerError::Thread)?;
        let listener = listener
            .into_std()
            .and_then(|listener| {
                let _guard = runtime.enter();
                TcpListener::from_std(listener)
            })
            .map_err(listen)?;
        let mut server = JoinSet::new();
        server.spawn_on(connection::serve(node, listener), runtime.handle());
        Ok(Self {
            address,
            server,
            runtime: Some(runtime),
        })
    }

    /// Returns the address for clients.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the broker stops on its own, and returns the reason.
    pub async fn failed(&mut self) -> BrokerError {
        match self.server.join_next().await {
            Some(Ok(error)) => BrokerError::Accept(error),
            Some(Err(panic)) => BrokerError::Panic(panic),
            None => BrokerError::Stopped,
        }
    }

    /// Stops the broker and waits until its connections are closed.
    pub async fn stop(mut self) {
        self.server.shutdown().await;
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Dropping a runtime inside another one would block.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
