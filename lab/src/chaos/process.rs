//! Supervised child process of the mesh.

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
use taskmesh::up::ports::loopback;
use tokio::{
    net::TcpStream,
    process::{Child, ChildStdin, Command},
    sync::Mutex,
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};

/// Interval at which the supervisor looks for an exited process, to start it again.
const SUPERVISION_INTERVAL: Duration = Duration::from_millis(200);
/// Time that a process needs to install its SIGTERM handler.
const SIGNAL_READY_AFTER: Duration = Duration::from_secs(1);
/// Time from SIGTERM to SIGKILL.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// Command line, environment and log file of a process.
#[derive(Debug)]
pub struct Launch {
    pub name: String,
    pub arguments: Vec<OsString>,
    pub variables: Vec<(String, String)>,
    pub log: PathBuf,
}

/// Outcome of a graceful stop.
#[derive(Debug, Clone, Copy)]
pub struct Stop {
    pub after: Duration,
    /// Whether the process exited with success before [`STOP_TIMEOUT`].
    pub is_clean: bool,
}

/// Process that is started again whenever it exits; dropping it kills it.
pub struct Process {
    shared: Arc<Shared>,
    _supervisor: JoinSet<()>,
}

struct Shared {
    launch: Launch,
    /// None between a stop and the next start.
    running: Mutex<Option<Running>>,
    unexpected_exits: AtomicU64,
}

struct Running {
    child: Child,
    started: Instant,
    /// Pipe whose end makes the process exit.
    _stdin: Option<ChildStdin>,
}

impl Process {
    pub fn start(launch: Launch) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            running: Mutex::new(Some(launch.spawn()?)),
            launch,
            unexpected_exits: AtomicU64::default(),
        });
        let mut supervisor = JoinSet::new();
        supervisor.spawn(supervise(Arc::clone(&shared)));
        Ok(Self {
            shared,
            _supervisor: supervisor,
        })
    }

    pub fn name(&self) -> &str {
        &self.shared.launch.name
    }

    pub fn unexpected_exits(&self) -> u64 {
        self.shared.unexpected_exits.load(Ordering::Relaxed)
    }

    /// Kills the process with SIGKILL, and starts it again after this time.
    pub async fn kill(&self, down: Duration) -> io::Result<()> {
        let mut running = self.shared.running.lock().await;
        if let Some(running) = &mut *running {
            running.child.kill().await?;
        }
        sleep(down).await;
        *running = Some(self.shared.launch.spawn()?);
        Ok(())
    }

    /// Suspends the process for this time.
    pub async fn freeze(&self, length: Duration) {
        self.signal(Signal::STOP).await;
        sleep(length).await;
        self.signal(Signal::CONT).await;
    }

    pub async fn signal(&self, signal: Signal) {
        if let Some(running) = &*self.shared.running.lock().await {
            running.signal(signal);
        }
    }

    /// Sends SIGTERM and waits for the exit; the process stays down until [`Self::restart`].
    pub async fn stop(&self) -> Result<Stop, BoxError> {
        let mut lock = self.shared.running.lock().await;
        let running = lock.as_mut().ok_or("the process is down already")?;
        sleep_until(running.started + SIGNAL_READY_AFTER).await;
        let begin = Instant::now();
        running.signal(Signal::TERM);
        let exit = timeout(STOP_TIMEOUT, running.child.wait()).await;
        let after = begin.elapsed();
        let is_clean = match exit {
            Ok(status) => status?.success(),
            Err(_) => {
                running.child.kill().await?;
                false
            }
        };
        *lock = None;
        Ok(Stop { after, is_clean })
    }

    pub async fn restart(&self) -> io::Result<()> {
        *self.shared.running.lock().await = Some(self.shared.launch.spawn()?);
        Ok(())
    }

    /// Kills the process and waits for its exit.
    pub async fn end(self) -> io::Result<()> {
        match self.shared.running.lock().await.take() {
            Some(mut running) => running.child.kill().await,
            None => Ok(()),
        }
    }
}

async fn supervise(shared: Arc<Shared>) {
    loop {
        sleep(SUPERVISION_INTERVAL).await;
        let mut lock = shared.running.lock().await;
        let Some(running) = &mut *lock else { continue };
        if matches!(running.child.try_wait(), Ok(None)) {
            continue;
        }
        shared.unexpected_exits.fetch_add(1, Ordering::Relaxed);
        match shared.launch.spawn() {
            Ok(running) => *lock = Some(running),
            Err(error) => eprintln!("{} failed to start, retrying: {error}", shared.launch.name),
        }
    }
}

impl Launch {
    fn spawn(&self) -> io::Result<Running> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut child = Command::new(std::env::current_exe()?)
            .args(&self.arguments)
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Ctrl-C in a terminal goes to this process only, which ends the others.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        Ok(Running {
            // Waiting for the child would close the pipe.
            _stdin: child.stdin.take(),
            child,
            started: Instant::now(),
        })
    }
}

impl Running {
    fn signal(&self, signal: Signal) {
        let id = self.child.id().map(u32::cast_signed);
        if let Some(id) = id.and_then(Pid::from_raw) {
            // Fails only if the process has just exited, which the supervisor notices.
            let _ = kill_process(id, signal);
        }
    }
}

/// Waits until a port accepts connections.
pub async fn wait_for_port(port: u16) {
    while TcpStream::connect(loopback(port)).await.is_err() {
        sleep(Duration::from_millis(50)).await;
    }
}
