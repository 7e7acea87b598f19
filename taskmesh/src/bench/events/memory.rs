use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use service_runtime::BoxError;
use tokio::task::JoinHandle;

const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Watches how much memory this process has.
pub struct Watch {
    most: Arc<AtomicU64>,
    looking: JoinHandle<()>,
}

impl Watch {
    /// Begins to watch.
    pub fn start() -> Self {
        let most = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&most);
        let looking = tokio::spawn(async move {
            let mut every = tokio::time::interval(LOOK_EVERY);
            loop {
                every.tick().await;
                if let Ok(bytes) = resident() {
                    seen.fetch_max(bytes, Ordering::Relaxed);
                }
            }
        });
        Self { most, looking }
    }

    /// Ends the watch; returns the most bytes that were seen.
    pub fn most(self) -> u64 {
        self.looking.abort();
        self.most.load(Ordering::Relaxed)
    }
}

/// Returns how many bytes of memory this process has (Linux only).
pub fn resident() -> Result<u64, BoxError> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let line = line.ok_or("the system does not tell how much memory a process has")?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kibibytes * 1_024)
}
