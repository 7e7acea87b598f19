use std::time::Instant;

use futures::{StreamExt, TryStreamExt, stream};
use service_runtime::BoxError;
use taskmesh::open_files;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinSet,
};

use crate::{
    bench::report::step,
    live_client::{End, LiveClient, Socket, Start},
};

/// Number of sockets that are opened concurrently.
const CONCURRENCY: usize = 64;
/// Number of other open files of this process.
const OTHER_FILES: u64 = 100;

/// Clients with one socket each; dropping them drops their connections.
pub struct Listeners {
    ends: JoinSet<End>,
    arrivals: UnboundedReceiver<Arrival>,
    sender: UnboundedSender<Arrival>,
    count: usize,
}

/// Change that a client received.
pub struct Arrival {
    /// Index of the client.
    pub client: usize,
    pub task: String,
    pub version: i64,
    pub time: Instant,
}

impl Listeners {
    pub fn new() -> Self {
        let (sender, arrivals) = unbounded_channel();
        Self {
            ends: JoinSet::new(),
            arrivals,
            sender,
            count: 0,
        }
    }

    /// Opens a socket for each of these tokens, and waits until each stream is live.
    pub async fn open(&mut self, gateway: &LiveClient, tokens: &[&str]) -> Result<(), BoxError> {
        let needed = (self.count + tokens.len()) as u64 + OTHER_FILES;
        if let Some(allowed) = open_files::allowed().filter(|allowed| *allowed < needed) {
            return Err(format!(
                "each client is an open file, and this process may open {allowed}; raise the limit with `ulimit -n {needed}`, also for the \
                 mesh, or give fewer with --idle or --clients"
            )
            .into());
        }
        step(format!("opens {} sockets", tokens.len()));
        let opening = stream::iter(tokens).map(|token| open(gateway, token));
        let sockets: Result<Vec<Socket>, End> = opening.buffered(CONCURRENCY).try_collect().await;
        for socket in sockets.map_err(|end| format!("a client cannot connect: {end}"))? {
            self.ends
                .spawn(listen(self.count, socket, self.sender.clone()));
            self.count += 1;
        }
        Ok(())
    }

    /// Returns the changes that have arrived since the last call.
    pub fn arrived(&mut self) -> Vec<Arrival> {
        std::iter::from_fn(|| self.arrivals.try_recv().ok()).collect()
    }

    /// Returns the reasons why clients have lost their connections.
    pub fn ends(&mut self) -> Vec<String> {
        let ends = std::iter::from_fn(|| self.ends.try_join_next());
        ends.map(|end| end.map_or_else(|error| error.to_string(), |end| end.to_string()))
            .collect()
    }
}

async fn open(gateway: &LiveClient, token: &str) -> Result<Socket, End> {
    let mut socket = gateway.open(token, Start::Now).await?;
    while socket.next().await?.live.is_none() {}
    Ok(socket)
}

async fn listen(client: usize, mut socket: Socket, arrivals: UnboundedSender<Arrival>) -> End {
    loop {
        match socket.next().await {
            Ok(message) => {
                let time = Instant::now();
                if let Some(task) = message.change.and_then(|change| change.task) {
                    // The receiver is dropped only together with this client.
                    let _ = arrivals.send(Arrival {
                        client,
                        version: task.version,
                        task: task.id,
                        time,
                    });
                }
            }
            Err(end) => return end,
        }
    }
}
