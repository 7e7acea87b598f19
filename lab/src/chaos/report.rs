//! Report of a run: text for people, JSON for programs.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::Serialize;

use super::{
    clients::LiveCounts,
    fault::Kind,
    load::LoadCounts,
    process::Stop,
    throughput::{recovery_time, usual_rate},
};
use crate::checker::Tally;

/// Goal of the recovery time.
const RECOVERY_GOAL_S: f64 = 10.0;
/// Maximum number of violations in the text.
const MAX_VIOLATIONS: usize = 20;

/// Injected fault and the recovery from it.
#[derive(Debug, Serialize)]
pub struct FaultResult {
    pub kind: Kind,
    /// Name of the target.
    pub what: String,
    /// Start, relative to the start of the load.
    pub begin_s: f64,
    pub length_s: f64,
    /// Time until writes are answered at the usual rate; none if not before the next fault.
    pub writes_back_s: Option<f64>,
    /// Time until events arrive at the usual rate; none if not before the next fault.
    pub events_back_s: Option<f64>,
    /// Duration of a graceful stop.
    pub stopped_after_s: Option<f64>,
    /// Whether a graceful stop ended with success and within its limit.
    pub stopped_well: Option<bool>,
}

/// Result of the verification of all audit chains.
#[derive(Debug, Default, Serialize)]
pub struct AuditCounts {
    pub records: i64,
    pub checkpoints: i64,
    pub findings: Vec<String>,
}

/// Counters of a run.
#[derive(Debug, Default, Serialize)]
pub struct Counts {
    #[serde(flatten)]
    pub load: LoadCounts,
    pub records: usize,
    pub redelivered: usize,
    pub effects: usize,
    pub waiting: i64,
    pub dead_letters: usize,
    pub unexpected_exits: BTreeMap<String, u64>,
    /// Time from the last answer until no work was left.
    pub rest_after_s: f64,
    pub live: LiveCounts,
    pub audit: AuditCounts,
}

/// Result of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    pub seed: u64,
    pub seconds: f64,
    pub rate: u32,
    pub faults: Vec<FaultResult>,
    pub counts: Counts,
    pub tally: Tally,
    pub violations: Vec<String>,
}

impl FaultResult {
    pub fn new(kind: Kind, what: String, [begin, end]: [Duration; 2], stop: Option<Stop>) -> Self {
        let limit = kind.stop_limit().unwrap_or_default();
        Self {
            kind,
            what,
            begin_s: begin.as_secs_f64(),
            length_s: (end - begin).as_secs_f64(),
            writes_back_s: None,
            events_back_s: None,
            stopped_after_s: stop.map(|stop| stop.after.as_secs_f64()),
            stopped_well: stop.map(|stop| stop.is_clean && stop.after <= limit),
        }
    }
}

impl Report {
    /// Sets the recovery times, given the times of answered writes and of arriving events.
    pub fn measure_recovery(&mut self, writes: &[Duration], events: &[Duration]) {
        let mut until = Duration::from_secs_f64(self.seconds);
        for fault in self.faults.iter_mut().rev() {
            let begin = Duration::from_secs_f64(fault.begin_s);
            let end = Duration::from_secs_f64(fault.begin_s + fault.length_s);
            let back = |times| {
                let usual = usual_rate(times, begin);
                recovery_time(times, end, until, usual).map(|time| time.as_secs_f64())
            };
            fault.writes_back_s = back(writes);
            fault.events_back_s = back(events);
            until = begin;
        }
    }

    /// Returns whether every promise was kept.
    pub fn is_clean(&self) -> bool {
        let Self { counts, tally, .. } = self;
        *tally == Tally::default()
            && counts.waiting == 0
            && counts.dead_letters == 0
            && counts.load.unanswered == 0
            && counts.live.refused.is_empty()
            && counts.audit.findings.is_empty()
            && !self
                .faults
                .iter()
                .any(|fault| fault.stopped_well == Some(false))
    }

    /// Returns whether every recovery met the goal.
    pub fn is_quick(&self) -> bool {
        self.faults
            .iter()
            .flat_map(|fault| [fault.writes_back_s, fault.events_back_s])
            .all(|back| back.is_some_and(|back| back <= RECOVERY_GOAL_S))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, rate) = (self.seconds, self.rate);
        writeln!(
            f,
            "seed {}, {seconds:.0} s, {rate} calls per second",
            self.seed
        )?;
        writeln!(
            f,
            "\np50 and max of each fault: recovery of the writes, of the events, and graceful stop"
        )?;
        let mut kinds: BTreeMap<Kind, Vec<&FaultResult>> = BTreeMap::new();
        for fault in &self.faults {
            kinds.entry(fault.kind).or_default().push(fault);
        }
        for (kind, faults) in kinds {
            let writes = spread(faults.iter().map(|fault| fault.writes_back_s));
            let events = spread(faults.iter().map(|fault| fault.events_back_s));
            let is_bad = |fault: &&&FaultResult| fault.stopped_well == Some(false);
            let stops = match kind.stop_limit() {
                Some(_) => spread(faults.iter().map(|fault| fault.stopped_after_s)),
                None => String::new(),
            };
            write!(
                f,
                "{kind:<16} {:>3}  {writes:<36} {events:<36} {stops}",
                faults.len()
            )?;
            match faults.iter().filter(is_bad).count() {
                0 => writeln!(f)?,
                bad => writeln!(f, "; {bad} too late or with a failure")?,
            }
        }
        let counts = serde_json::to_string_pretty(&self.counts).map_err(|_| fmt::Error)?;
        writeln!(f, "\n{counts}\n")?;
        for violation in self.violations.iter().take(MAX_VIOLATIONS) {
            writeln!(f, "{violation}")?;
        }
        let Tally {
            lost,
            doubled,
            inverted,
            unfounded,
        } = self.tally;
        let verdict = match self.is_clean() {
            true => "every promise was kept",
            false => "PROMISES WERE BROKEN",
        };
        write!(
            f,
            "{lost} lost, {doubled} doubled, {inverted} inverted, {unfounded} unfounded: {verdict}"
        )
    }
}

/// Returns the median and the maximum, and the number of recoveries that the next fault cut short.
fn spread(times: impl Iterator<Item = Option<f64>>) -> String {
    let (known, unknown): (Vec<_>, Vec<_>) = times.partition(Option::is_some);
    let mut known: Vec<f64> = known.into_iter().flatten().collect();
    known.sort_by(f64::total_cmp);
    let text = match (known.get(known.len() / 2), known.last()) {
        (Some(median), Some(max)) => format!("{median:.1} s, {max:.1} s"),
        _ => String::new(),
    };
    match unknown.len() {
        0 => text,
        count => format!("{text} ({count} cut short)"),
    }
}
