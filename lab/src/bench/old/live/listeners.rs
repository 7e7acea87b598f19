use std::time::Instant;

use futures::{StreamExt, stream};
use service_runtime::BoxError;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinSet,
};

use crate::{
    bench::old::progress::Progress,
    live_client::{End, Event, LiveClient, Socket, Start},
};
use taskmesh::open_files;

/// How many sockets are opened at once.
const AT_ONCE: usize = 64;
/// What this process has open besides.
const OTHER_FILES: u64 = 100;

/// Clients that watch, each over one socket; dropping them cuts all connections.
pub struct Listeners {
    ended: JoinSet<End>,
    arrivals: UnboundedReceiver<Arrival>,
    sender: UnboundedSender<Arrival>,
    count: usize,
}

/// A change at a client.
pub struct Arrival {
    pub client: usize,
    pub task: String,
    pub version: i64,
    pub time: Instant,
}

impl Listeners {
    /// Returns none yet.
    pub fn new() -> Self {
        let (sender, arrivals) = unbounded_channel();
        Self {
            ended: JoinSet::new(),
            arrivals,
            sender,
            count: 0,
        }
    }

    /// Opens a socket for each of these tokens; returns when the streams of all of them have begun.
    pub async fn open(&mut self, door: &LiveClient, tokens: &[&str]) -> Result<(), BoxError> {
        let needed = (self.count + tokens.len()) as u64 + OTHER_FILES;
        if let Some(allowed) = open_files::allowed().filter(|allowed| *allowed < needed) {
            return Err(format!(
                "the system lets this process open {allowed} files, and each client is one: raise the limit with `ulimit -n {needed}`, also \
                 where the mesh runs, or choose fewer with --idle or --clients"
            )
            .into());
        }
        let progress = Progress::new("clients connect", "clients", Some(tokens.len() as u64));
        let opening = stream::iter(tokens)
            .map(|token| async {
                let socket = begin(door, token).await;
                progress.add(1);
                socket
            })
            .buffered(AT_ONCE);
        let sockets: Vec<_> = progress.watch(opening.collect()).await;
        for socket in sockets {
            let socket = socket.map_err(|end| format!("a client cannot connect: {end}"))?;
            self.ended
                .spawn(listen(self.count, socket, self.sender.clone()));
            self.count += 1;
        }
        Ok(())
    }

    /// Returns what has arrived since the last look.
    pub fn arrived(&mut self) -> Vec<Arrival> {
        let mut arrivals = Vec::new();
        while let Ok(arrival) = self.arrivals.try_recv() {
            arrivals.push(arrival);
        }
        arrivals
    }

    /// Returns how many clients are no longer connected, and why the first one is not.
    pub fn ended(&mut self) -> (usize, Option<String>) {
        let (mut count, mut first) = (0, None);
        while let Some(ended) = self.ended.try_join_next() {
            count += 1;
            first.get_or_insert_with(|| match ended {
                Ok(end) => end.to_string(),
                Err(cause) => cause.to_string(),
            });
        }
        (count, first)
    }
}

async fn begin(door: &LiveClient, token: &str) -> Result<Socket, End> {
    let mut socket = door.open(token, Start::Now).await?;
    while socket.next().await?.event != Event::Live {}
    Ok(socket)
}

async fn listen(client: usize, mut socket: Socket, arrivals: UnboundedSender<Arrival>) -> End {
    loop {
        match socket.next().await {
            Ok(message) => {
                let time = Instant::now();
                if let Event::Task(task) = message.event {
                    // Nobody looks any more only when the clients are dropped.
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
