//! What goes wrong, and when: drawn from the seed before anything starts, so that a run can be repeated.

use std::{fmt, time::Duration};

use clap::ValueEnum;
use serde::Serialize;

use super::dice::Dice;

/// The purpose of the dice that draw the faults.
const PURPOSE: u64 = 1;
/// How long the mesh runs undisturbed, to know its usual rate and to come to rest.
pub const CALM: Duration = Duration::from_secs(6);

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A service is killed with `kill -9` and started again.
    KillService,
    /// A service is stopped with SIGSTOP for 1 to 8 seconds.
    FreezeService,
    /// A service is told to stop with SIGTERM, and started again.
    StopService,
    /// The same while PostgreSQL or the embedded broker, stopped with SIGSTOP, answers nothing.
    StopInSilence,
    /// PostgreSQL is stopped as by `pg_ctl stop -m immediate` and started again.
    CrashPostgres,
    /// The broker is killed with `kill -9` and started again.
    KillBroker,
    /// The embedded broker is stopped with SIGSTOP for 1 to 8 seconds.
    FreezeBroker,
    /// All database connections of a service are cut.
    CutConnections,
}

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// When it strikes, since the start of the load.
    pub at: Duration,
    pub kind: Kind,
    /// Which one of those that the kind can strike, modulo their number.
    pub target: usize,
    /// How long it lasts.
    pub length: Duration,
}

impl Kind {
    /// Returns within what time a service that is told to stop has ended, for the kinds that tell it.
    pub fn stops_within(self) -> Option<Duration> {
        match self {
            Self::StopService => Some(Duration::from_secs(5)),
            Self::StopInSilence => Some(Duration::from_secs(10)),
            _ => None,
        }
    }

    fn lengths(self) -> std::ops::Range<u64> {
        match self {
            Self::KillService | Self::CrashPostgres => 0..1_000,
            Self::FreezeService | Self::FreezeBroker => 1_000..8_000,
            Self::KillBroker => 0..3_000,
            Self::CutConnections | Self::StopService | Self::StopInSilence => 0..1,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_possible_value() {
            Some(value) => formatter.pad(value.get_name()),
            None => Ok(()),
        }
    }
}

/// Draws the faults of a run: each kind as often as the others, in an order of chance.
pub fn plan(seed: u64, kinds: &[Kind], length: Duration, pause: Duration) -> Vec<Fault> {
    let mut dice = Dice::new(seed, PURPOSE);
    let mut deck: Vec<Kind> = Vec::new();
    let mut faults = Vec::new();
    let mut at = CALM;
    loop {
        if deck.is_empty() {
            deck = kinds.to_vec();
            dice.shuffle(&mut deck);
        }
        let Some(kind) = deck.pop() else {
            return faults;
        };
        let fault = Fault {
            at,
            kind,
            target: dice.below(usize::MAX),
            length: dice.milliseconds(kind.lengths()),
        };
        let end = at + fault.length;
        // Long enough to see how the last one goes by.
        if end + pause.max(CALM) > length {
            return faults;
        }
        faults.push(fault);
        at = end + pause;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 3] = [Kind::KillService, Kind::CrashPostgres, Kind::KillBroker];

    fn planned(seed: u64) -> Vec<Fault> {
        let (length, pause) = (Duration::from_secs(60), Duration::from_secs(5));
        plan(seed, &KINDS, length, pause)
    }

    #[test]
    fn the_same_seed_plans_the_same_faults() {
        assert_eq!(planned(7), planned(7));
        assert_ne!(planned(7), planned(8));
    }

    #[test]
    fn no_kind_comes_again_before_all_others_have_come() {
        for round in planned(7).chunks_exact(KINDS.len()) {
            let mut kinds: Vec<Kind> = round.iter().map(|fault| fault.kind).collect();
            kinds.sort_unstable();
            assert_eq!(kinds, KINDS);
        }
    }

    #[test]
    fn a_run_begins_and_ends_undisturbed() {
        let faults = planned(7);
        assert_eq!(faults[0].at, CALM);
        let last = faults[faults.len() - 1];
        assert!(last.at + last.length + CALM <= Duration::from_secs(60));
    }
}
