//! A Kafka-protocol broker in this process, for development: the parts of `tansu`, with SQLite as the storage.
//!
//! All its work is done in one task, so ending the task ends it; what was acknowledged is committed in SQLite's write-ahead
//! log and survives a kill of the process. It has a thread of its own, for SQLite keeps the thread that asks it busy.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use tansu_storage::{BrokerRegistrationRequest, Storage, StorageContainer};
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    runtime::{Builder, Handle, Runtime},
    task::JoinSet,
};
use url::Url;
use uuid::Uuid;

use super::{
    broker_connections::{Connections, Routes},
    broker_import::import,
    broker_log::{Log, LogError},
    broker_records::Records,
    broker_topics::Topics,
};

const CLUSTER: &str = "taskmesh";
const NODE: i32 = 1;

/// A running broker; dropping it cuts its connections.
#[derive(Debug)]
pub struct Broker {
    address: SocketAddr,
    server: JoinSet<io::Error>,
    _thread: Thread,
    _detour: Option<TempDir>,
}

/// A broker that does not start, or that stopped by itself.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    #[error("the broker's folder cannot be prepared")]
    Folder(#[source] io::Error),
    #[error("the broker cannot listen on port {0}")]
    Listen(u16, #[source] io::Error),
    #[error("the broker has no thread")]
    Thread(#[source] io::Error),
    #[error("the broker's address or storage path is not a URL")]
    Url(#[from] url::ParseError),
    #[error("the broker's storage fails")]
    Storage(#[from] tansu_storage::Error),
    #[error("the broker's records cannot be indexed")]
    Index(#[from] libsql::Error),
    #[error("the broker cannot be put together")]
    Broker(#[from] tansu_broker::Error),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("the broker takes no more connections")]
    Accept(#[source] io::Error),
    #[error("the broker panicked")]
    Panic(#[source] tokio::task::JoinError),
    #[error("the broker was stopped")]
    Stopped,
}

impl Broker {
    /// Starts the broker with its storage in `<data folder>/broker`; port 0 picks a free one.
    pub async fn start(data_folder: &Path, port: u16) -> Result<Self, BrokerError> {
        let folder = data_folder.join("broker");
        fs::create_dir_all(&folder).map_err(BrokerError::Folder)?;
        let (folder, detour) = plainly_named(folder).map_err(BrokerError::Folder)?;
        let listening = |error| BrokerError::Listen(port, error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(listening)?;
        let address = listener.local_addr().map_err(listening)?;

        let thread = Thread::start().map_err(BrokerError::Thread)?;
        // Storage works in the runtime in which it is opened.
        let opening = thread
            .handle()
            .spawn(async move { open_storage(&folder, address).await });
        let (storage, log) = opening.await.map_err(BrokerError::Panic)??;
        let records = Records::new(log, Topics::new(storage.clone()));
        let routes = Routes::new(storage.clone(), records)?;
        let mut server = JoinSet::new();
        let serving = Connections::new(CLUSTER, routes, storage).serve(listener);
        server.spawn_on(serving, &thread.handle());
        Ok(Self {
            address,
            server,
            _thread: thread,
            _detour: detour,
        })
    }

    /// Returns the address for clients.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the broker stops by itself, and tells why.
    pub async fn failed(&mut self) -> BrokerError {
        match self.server.join_next().await {
            Some(Ok(error)) => BrokerError::Accept(error),
            Some(Err(panic)) => BrokerError::Panic(panic),
            None => BrokerError::Stopped,
        }
    }

    /// Stops the broker and waits until its task is gone.
    pub async fn stop(mut self) {
        self.server.shutdown().await;
    }
}

/// A runtime with one thread.
#[derive(Debug)]
struct Thread(Option<Runtime>);

impl Thread {
    fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("broker")
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    fn handle(&self) -> Handle {
        let runtime = self.0.as_ref();
        runtime.map_or_else(Handle::current, |runtime| runtime.handle().clone())
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        // The runtime of whoever drops the broker cannot wait for another one.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

async fn open_storage(
    folder: &Path,
    address: SocketAddr,
) -> Result<(StorageContainer, Log), BrokerError> {
    // The second slash of the path makes it absolute; with one, the broker takes it as relative to the working folder.
    let file = Url::parse(&format!("sqlite:///{}/broker.db", folder.display()))?;
    let storage = StorageContainer::builder()
        .cluster_id(CLUSTER)
        .node_id(NODE)
        .advertised_listener(Url::parse(&format!("tcp://{address}"))?)
        .storage(file)
        // It would draw on the terminal.
        .silent(true)
        .build()
        .await?;
    let registration = BrokerRegistrationRequest {
        broker_id: NODE,
        cluster_id: CLUSTER.to_owned(),
        incarnation_id: Uuid::new_v4(),
        rack: None,
    };
    storage.register_broker(registration).await?;
    let log = Log::open(&folder.join("records.db")).await?;
    import(&folder.join("broker.db"), &log).await?;
    Ok((storage, log))
}

/// Returns a path to the folder that a URL holds as it is, because the broker opens the URL's path without decoding it:
/// a folder with a space in its name is reached through a link in the folder for temporary files.
fn plainly_named(folder: PathBuf) -> io::Result<(PathBuf, Option<TempDir>)> {
    let folder = folder.canonicalize()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@".contains(c);
    if folder.to_str().is_some_and(|path| path.chars().all(plain)) {
        return Ok((folder, None));
    }
    let detour = tempfile::tempdir()?;
    let link = detour.path().join("broker");
    symlink(folder, &link)?;
    Ok((link, Some(detour)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_a_space_in_its_name_is_reached_through_a_plain_path() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("my tasks é");
        fs::create_dir(&folder).unwrap();
        let (path, detour) = plainly_named(folder.clone()).unwrap();
        assert!(detour.is_some());
        assert!(!path.to_str().unwrap().contains(' '));
        assert_eq!(path.canonicalize().unwrap(), folder.canonicalize().unwrap());
    }
}
