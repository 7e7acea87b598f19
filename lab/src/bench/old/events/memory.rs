use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinHandle;

use crate::bench::old::process::resident;

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
                if let Ok(bytes) = resident("self") {
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
