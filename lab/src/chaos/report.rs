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
        let (counts, tally) = (&self.counts, self.tally);
        writeln!(
            f,
            "seed {}, {:.0} s, {} calls per second\n",
            self.seed, self.seconds, self.rate
        )?;
        let header = [
            "writes recovered after (p50, max)",
            "events recovered after (p50, max)",
        ];
        writeln!(
            f,
            "{:<16} {:>6}   {:<34} {}",
            "fault", "count", header[0], header[1]
        )?;
        let mut kinds: BTreeMap<Kind, Vec<&FaultResult>> = BTreeMap::new();
        for fault in &self.faults {
            kinds.entry(fault.kind).or_default().push(fault);
        }
        for (kind, faults) in &kinds {
            let writes = spread(faults.iter().map(|fault| fault.writes_back_s));
            let events = spread(faults.iter().map(|fault| fault.events_back_s));
            writeln!(f, "{kind:<16} {:>6}   {writes:<34} {events}", faults.len())?;
        }
        for (kind, faults) in kinds.iter().filter(|(kind, _)| kind.stop_limit().is_some()) {
            let times = spread(faults.iter().map(|fault| fault.stopped_after_s));
            let bad = faults
                .iter()
                .filter(|fault| fault.stopped_well == Some(false));
            let bad = bad.count();
            writeln!(
                f,
                "\n{kind}: stopped after (p50, max) {times}; {bad} too late or with a failure"
            )?;
        }
        let load = &counts.load;
        writeln!(
            f,
            "\nwrites: {} answered, refused {:?}, {} calls repeated, {} never answered",
            load.answered, load.refused, load.repeated, load.unanswered
        )?;
        writeln!(
            f,
            "topics: {} records, {} of them redelivered, {} dead letters; effects: {}; {} records wait",
            counts.records, counts.redelivered, counts.dead_letters, counts.effects, counts.waiting
        )?;
        writeln!(
            f,
            "no work left {:.1} s after the last answer; unexpected exits: {:?}",
            counts.rest_after_s, counts.unexpected_exits
        )?;
        let LiveCounts {
            clients,
            feeds,
            refused,
        } = &counts.live;
        writeln!(
            f,
            "live: {clients} clients received {} changes over {} sockets, {} of them resumed; {} resyncs; refused {refused:?}",
            feeds.changes, feeds.sockets, feeds.resumed, feeds.resyncs
        )?;
        let AuditCounts {
            records,
            checkpoints,
            findings,
        } = &counts.audit;
        writeln!(
            f,
            "audit: {records} records, {checkpoints} checkpoints; findings {findings:?}"
        )?;
        for violation in self.violations.iter().take(MAX_VIOLATIONS) {
            writeln!(f, "{violation}")?;
        }
        if let Some(more @ 1..) = self.violations.len().checked_sub(MAX_VIOLATIONS) {
            writeln!(f, "… and {more} more")?;
        }
        let verdict = match self.is_clean() {
            true => "every promise was kept",
            false => "PROMISES WERE BROKEN",
        };
        write!(
            f,
            "\n{} lost, {} doubled, {} inverted, {} unfounded: {verdict}",
            tally.lost, tally.doubled, tally.inverted, tally.unfounded
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
        count => format!("{text} ({count} not before the next)"),
    }
}
