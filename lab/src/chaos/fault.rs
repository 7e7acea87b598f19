//! Fault schedule, drawn from the seed before the run starts.

use std::{fmt, ops::Range, time::Duration};

use clap::ValueEnum;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde::Serialize;

/// Time without faults at the start and the end of a run.
pub const CALM: Duration = Duration::from_secs(6);
/// Stream of the seeded generator that draws the faults.
const STREAM: u64 = 1;

/// Kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A service is killed with SIGKILL and started again.
    KillService,
    /// A service is suspended with SIGSTOP for 1 to 8 seconds.
    FreezeService,
    /// A service gets SIGTERM, and is started again when it has ended.
    StopService,
    /// A service gets SIGTERM while PostgreSQL or the embedded broker is suspended with SIGSTOP.
    StopInSilence,
    /// PostgreSQL is shut down as by `pg_ctl stop -m immediate` and started again.
    CrashPostgres,
    /// The broker is killed with SIGKILL and started again.
    KillBroker,
    /// The embedded broker is suspended with SIGSTOP for 1 to 8 seconds.
    FreezeBroker,
    /// All database connections of a service are terminated.
    CutConnections,
}

/// Scheduled fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Time since the start of the load.
    pub at: Duration,
    pub kind: Kind,
    /// Index of the target, modulo the number of possible targets.
    pub target: usize,
    pub length: Duration,
}

impl Kind {
    /// Limit of a graceful stop, for the kinds that send SIGTERM.
    pub fn stop_limit(self) -> Option<Duration> {
        match self {
            Self::StopService => Some(Duration::from_secs(5)),
            Self::StopInSilence => Some(Duration::from_secs(10)),
            _ => None,
        }
    }

    fn lengths_ms(self) -> Range<u64> {
        match self {
            Self::KillService | Self::CrashPostgres => 0..1_000,
            Self::FreezeService | Self::FreezeBroker => 1_000..8_000,
            Self::KillBroker => 0..3_000,
            Self::CutConnections | Self::StopService | Self::StopInSilence => 0..1,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.pad(value.as_ref().map_or("", |value| value.get_name()))
    }
}

/// Returns the generator of one stream of a run; each stream draws other numbers.
pub fn seeded_rng(seed: u64, stream: u64) -> StdRng {
    StdRng::seed_from_u64(seed ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Draws the faults of a run: each kind equally often, in random order.
pub fn schedule(seed: u64, kinds: &[Kind], length: Duration, pause: Duration) -> Vec<Fault> {
    let mut rng = seeded_rng(seed, STREAM);
    let mut round: Vec<Kind> = Vec::new();
    let mut faults = Vec::new();
    let mut at = CALM;
    loop {
        if round.is_empty() {
            round = kinds.to_vec();
            round.shuffle(&mut rng);
        }
        let Some(kind) = round.pop() else {
            return faults;
        };
        let target = rng.random_range(0..usize::MAX);
        let length_of_fault = Duration::from_millis(rng.random_range(kind.lengths_ms()));
        let end = at + length_of_fault;
        // Leaves time to observe the recovery from the last fault.
        if end + pause.max(CALM) > length {
            return faults;
        }
        faults.push(Fault {
            at,
            kind,
            target,
            length: length_of_fault,
        });
        at = end + pause;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 3] = [Kind::KillService, Kind::CrashPostgres, Kind::KillBroker];

    fn scheduled(seed: u64) -> Vec<Fault> {
        let (length, pause) = (Duration::from_secs(60), Duration::from_secs(5));
        schedule(seed, &KINDS, length, pause)
    }

    #[test]
    fn same_seed_schedules_same_faults() {
        assert_eq!(scheduled(7), scheduled(7));
        assert_ne!(scheduled(7), scheduled(8));
    }

    #[test]
    fn streams_of_a_seed_differ() {
        let draw = |stream| seeded_rng(7, stream).random::<u64>();
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn every_round_has_every_kind() {
        for round in scheduled(7).chunks_exact(KINDS.len()) {
            let mut kinds: Vec<Kind> = round.iter().map(|fault| fault.kind).collect();
            kinds.sort_unstable();
            assert_eq!(kinds, KINDS);
        }
    }

    #[test]
    fn run_starts_and_ends_without_faults() {
        let faults = scheduled(7);
        assert_eq!(faults[0].at, CALM);
        let last = faults[faults.len() - 1];
        assert!(last.at + last.length + CALM <= Duration::from_secs(60));
    }
}
