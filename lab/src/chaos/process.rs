//! A part of the mesh in a process of its own, started again whenever it ends, as a supervisor does.

use std::{
    ffi::OsString,
    fs::File,
    io,
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use service_runtime::BoxError;
use tokio::{
    process::{Child, ChildStdin, Command},
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{sleep, sleep_until, timeout},
};

/// How long a supervisor waits before it starts again what has ended by itself.
const AGAIN: Duration = Duration::from_millis(200);
/// A process that has just begun does not listen to SIGTERM yet.
const LISTENS_AFTER: Duration = Duration::from_secs(1);
/// How long a supervisor waits for a process that it has told to stop.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// How a process is started.
#[derive(Debug, Clone)]
pub struct Launch {
    pub name: String,
    pub arguments: Vec<OsString>,
    pub variables: Vec<(String, String)>,
    /// Where its output goes.
    pub log: PathBuf,
}

/// How a process that was told to stop has ended.
#[derive(Debug, Clone, Copy)]
pub struct Stop {
    pub after: Duration,
    /// Whether it ended by itself, and successfully.
    pub is_clean: bool,
}

/// What is done to a process, and whom to tell when it is done.
enum Order {
    /// `kill -9`; it is started again after this time.
    Kill(Duration, oneshot::Sender<()>),
    Signal(Signal, oneshot::Sender<()>),
    /// SIGTERM; it is started again when the second channel says so or is closed.
    Stop(oneshot::Sender<Stop>, oneshot::Receiver<()>),
}

/// A process that is kept running; dropping it kills it.
pub struct Process {
    name: String,
    orders: mpsc::Sender<Order>,
    ends: Arc<AtomicU64>,
    keeper: JoinHandle<io::Result<()>>,
}

impl Process {
    /// Starts it.
    pub fn start(launch: Launch) -> Self {
        let (sender, orders) = mpsc::channel(1);
        let ends = Arc::new(AtomicU64::new(0));
        Self {
            name: launch.name.clone(),
            orders: sender,
            ends: Arc::clone(&ends),
            keeper: tokio::spawn(keep(launch, orders, ends)),
        }
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns how often it has ended by itself.
    pub fn ends(&self) -> u64 {
        self.ends.load(Ordering::Relaxed)
    }

    /// Kills it with `kill -9`, and starts it again after this time.
    pub async fn kill(&self, down: Duration) -> Result<(), BoxError> {
        self.order(|done| Order::Kill(down, done)).await
    }

    /// Stops it with SIGSTOP for this time.
    pub async fn freeze(&self, length: Duration) -> Result<(), BoxError> {
        self.pause().await?;
        sleep(length).await;
        self.resume().await
    }

    /// Stops it with SIGSTOP until it is resumed.
    pub async fn pause(&self) -> Result<(), BoxError> {
        self.order(|done| Order::Signal(Signal::STOP, done)).await
    }

    /// Lets it go on.
    pub async fn resume(&self) -> Result<(), BoxError> {
        self.order(|done| Order::Signal(Signal::CONT, done)).await
    }

    /// Tells it to stop with SIGTERM, and returns how it has ended; it is started again when the channel says so or is closed.
    pub async fn stop(&self, again: oneshot::Receiver<()>) -> Result<Stop, BoxError> {
        self.order(|done| Order::Stop(done, again)).await
    }

    async fn order<T>(
        &self,
        order: impl FnOnce(oneshot::Sender<T>) -> Order,
    ) -> Result<T, BoxError> {
        let (done, is_over) = oneshot::channel();
        let gone = || format!("{} cannot be started any more", self.name);
        self.orders.send(order(done)).await.map_err(|_| gone())?;
        Ok(is_over.await.map_err(|_| gone())?)
    }

    /// Kills it, and returns when it is gone.
    pub async fn end(mut self) {
        self.keeper.abort();
        // The keeper was told to end; how it did says nothing.
        let _ = (&mut self.keeper).await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The child is killed when its keeper lets go of it.
        self.keeper.abort();
    }
}

async fn keep(
    launch: Launch,
    mut orders: mpsc::Receiver<Order>,
    ends: Arc<AtomicU64>,
) -> io::Result<()> {
    let (mut child, mut _leash) = launch.spawn()?;
    let mut started = Instant::now();
    loop {
        tokio::select! {
            ended = child.wait() => {
                ended?;
                ends.fetch_add(1, Ordering::Relaxed);
                sleep(AGAIN).await;
                (child, _leash) = launch.spawn()?;
                started = Instant::now();
            }
            order = orders.recv() => {
                let Some(order) = order else { return Ok(()) };
                // Who has given it may have gone home meanwhile.
                match order {
                    Order::Kill(down, done) => {
                        child.kill().await?;
                        sleep(down).await;
                        (child, _leash) = launch.spawn()?;
                        started = Instant::now();
                        let _ = done.send(());
                    }
                    Order::Signal(which, done) => {
                        signal(&child, which);
                        let _ = done.send(());
                    }
                    Order::Stop(done, again) => {
                        sleep_until((started + LISTENS_AFTER).into()).await;
                        let _ = done.send(stop(&mut child).await?);
                        let _ = again.await;
                        (child, _leash) = launch.spawn()?;
                        started = Instant::now();
                    }
                }
            }
        }
    }
}

async fn stop(child: &mut Child) -> io::Result<Stop> {
    let begin = Instant::now();
    signal(child, Signal::TERM);
    let ended = timeout(STOP_PATIENCE, child.wait()).await;
    let after = begin.elapsed();
    let is_clean = match ended {
        Ok(status) => status?.success(),
        Err(_) => {
            child.kill().await?;
            false
        }
    };
    Ok(Stop { after, is_clean })
}

impl Launch {
    /// Starts the process; it ends with the leash.
    fn spawn(&self) -> io::Result<(Child, Option<ChildStdin>)> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut child = Command::new(std::env::current_exe()?)
            .args(&self.arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            // A terminal's Ctrl-C is for this process; it ends the others.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        // Waiting for the process would close it.
        let leash = child.stdin.take();
        Ok((child, leash))
    }
}

fn signal(child: &Child, signal: Signal) {
    if let Some(id) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
        // It fails only if the process has just ended, which is noticed next.
        let _ = kill_process(id, signal);
    }
}
