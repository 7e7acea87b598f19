use std::{
    fs::File,
    io::{self, Seek, Write},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use service_runtime::BoxError;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio_util::sync::{CancellationToken, DropGuard};

const BLOCK: [u8; 8192] = [0; 8192];
const PROBE_EVERY: Duration = Duration::from_millis(50);

/// Watches how long the disk takes to have a block: what a commit waits for at least, whatever it commits.
pub struct Disk {
    /// Ends the watch also when what is measured fails: the program waits for the thread.
    stop: DropGuard,
    probing: JoinHandle<io::Result<Vec<Duration>>>,
}

impl Disk {
    /// Begins to watch the disk that has a folder.
    pub fn watch(folder: &Path) -> io::Result<Self> {
        let mut file = tempfile::tempfile_in(folder)?;
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let probing = spawn_blocking(move || {
            let mut durations = Vec::new();
            while !stopped.is_cancelled() {
                durations.push(probe(&mut file)?);
                thread::sleep(PROBE_EVERY);
            }
            Ok(durations)
        });
        let stop = stop.drop_guard();
        Ok(Self { stop, probing })
    }

    /// Ends the watch; returns how long each block took.
    pub async fn end(self) -> Result<Vec<Duration>, BoxError> {
        drop(self.stop);
        Ok(self.probing.await??)
    }
}

fn probe(file: &mut File) -> io::Result<Duration> {
    let begun = Instant::now();
    file.rewind()?;
    file.write_all(&BLOCK)?;
    file.sync_data()?;
    Ok(begun.elapsed())
}
