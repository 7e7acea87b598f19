//! How far a step is, on standard error.

use std::{
    io::{IsTerminal, stderr},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

const REDRAW: Duration = Duration::from_millis(500);
/// How often a log that is no terminal gets a line.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// A step that counts what it has done.
#[derive(Debug)]
pub struct Progress {
    label: String,
    unit: &'static str,
    total: Option<u64>,
    done: AtomicU64,
}

impl Progress {
    /// Creates a step; the total is told if it is known.
    pub fn new(label: impl Into<String>, unit: &'static str, total: Option<u64>) -> Self {
        Self {
            label: label.into(),
            unit,
            total,
            done: AtomicU64::new(0),
        }
    }

    /// Counts.
    pub fn add(&self, count: u64) {
        self.done.fetch_add(count, Ordering::Relaxed);
    }

    /// Does the work and tells how far it is.
    pub async fn watch<T>(&self, work: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let terminal = stderr().is_terminal();
        let every = if terminal { REDRAW } else { LOG_EVERY };
        let mut every = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
        tokio::pin!(work);
        let result = loop {
            tokio::select! {
                result = &mut work => break result,
                _ = every.tick() => self.tell(begun.elapsed(), terminal, ""),
            }
        };
        self.tell(begun.elapsed(), terminal, "\n");
        result
    }

    fn tell(&self, elapsed: Duration, terminal: bool, end: &str) {
        let text = self.text(elapsed);
        if terminal {
            eprint!("\r\x1b[2K{text}{end}");
        } else {
            eprintln!("{text}");
        }
    }

    fn text(&self, elapsed: Duration) -> String {
        let Self {
            label, unit, total, ..
        } = self;
        let done = self.done.load(Ordering::Relaxed);
        let seconds = elapsed.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "shown without decimals")]
        let rate = if seconds > 0.0 {
            done as f64 / seconds
        } else {
            0.0
        };
        match total {
            Some(total) => {
                format!("{label}: {done} of {total} {unit}, {seconds:.0} s, {rate:.0}/s")
            }
            None => format!("{label}: {done} {unit}, {seconds:.0} s, {rate:.0}/s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_tells_how_much_is_done_of_how_much_and_how_fast() {
        let progress = Progress::new("seeds", "tasks", Some(1_000));
        progress.add(500);
        assert_eq!(
            progress.text(Duration::from_secs(2)),
            "seeds: 500 of 1000 tasks, 2 s, 250/s"
        );
    }
}
