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
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use service_runtime::BoxError;
use tokio::{
    process::{Child, ChildStdin, Command},
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::sleep,
};

/// How long a supervisor waits before it starts again what has ended by itself.
const AGAIN: Duration = Duration::from_millis(200);

/// How a process is started.
#[derive(Debug, Clone)]
pub struct Launch {
    pub name: String,
    pub arguments: Vec<OsString>,
    pub variables: Vec<(String, String)>,
    /// Where its output goes.
    pub log: PathBuf,
}

/// What happens to a process.
#[derive(Debug, Clone, Copy)]
pub enum Blow {
    /// `kill -9`; it is started again after this time.
    Kill(Duration),
    /// SIGSTOP, and SIGCONT after this time.
    Freeze(Duration),
}

/// A process that is kept running; dropping it kills it.
pub struct Process {
    name: String,
    blows: mpsc::Sender<(Blow, oneshot::Sender<()>)>,
    ends: Arc<AtomicU64>,
    keeper: JoinHandle<io::Result<()>>,
}

impl Process {
    /// Starts it.
    pub fn start(launch: Launch) -> Self {
        let (blows, orders) = mpsc::channel(1);
        let ends = Arc::new(AtomicU64::new(0));
        Self {
            name: launch.name.clone(),
            blows,
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

    /// Strikes it, and returns when it runs again.
    pub async fn strike(&self, blow: Blow) -> Result<(), BoxError> {
        let (done, is_over) = oneshot::channel();
        let gone = || format!("{} cannot be started any more", self.name);
        self.blows.send((blow, done)).await.map_err(|_| gone())?;
        is_over.await.map_err(|_| gone())?;
        Ok(())
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
    mut orders: mpsc::Receiver<(Blow, oneshot::Sender<()>)>,
    ends: Arc<AtomicU64>,
) -> io::Result<()> {
    let (mut child, mut _leash) = launch.spawn()?;
    loop {
        tokio::select! {
            ended = child.wait() => {
                ended?;
                ends.fetch_add(1, Ordering::Relaxed);
                sleep(AGAIN).await;
                (child, _leash) = launch.spawn()?;
            }
            order = orders.recv() => {
                let Some((blow, done)) = order else { return Ok(()) };
                match blow {
                    Blow::Kill(down) => {
                        child.kill().await?;
                        sleep(down).await;
                        (child, _leash) = launch.spawn()?;
                    }
                    Blow::Freeze(length) => {
                        signal(&child, Signal::STOP);
                        sleep(length).await;
                        signal(&child, Signal::CONT);
                    }
                }
                // Who has struck may have gone home meanwhile.
                let _ = done.send(());
            }
        }
    }
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
