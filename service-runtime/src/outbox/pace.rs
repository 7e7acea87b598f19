use std::time::Duration;

/// Intervals, timeouts and batch size of a relay.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Interval at which a standby relay tries to become the active one.
    pub takeover: Duration,
    /// Idle time after which the server ends the session of a frozen relay, which releases its lock.
    pub session_timeout: Duration,
    /// Shortest time between two rounds, so that events that follow each other closely are sent together. The first event after a
    /// pause does not wait.
    pub linger: Duration,
    /// Time after which acknowledged events are deleted if no new events arrive.
    pub flush: Duration,
    /// Interval at which an idle relay reads events whose commit did not wake it, which also keeps its session alive.
    pub poll: Duration,
    /// Largest number of events sent together.
    pub batch: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            takeover: Duration::from_secs(1),
            session_timeout: Duration::from_secs(5),
            linger: Duration::from_millis(5),
            flush: Duration::from_millis(200),
            poll: Duration::from_secs(3),
            batch: 1_000,
        }
    }
}
