//! What a run has shown, for people as a table and for programs as JSON.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    time::Duration,
};

use crate::checker::{Tally, Violation};
use serde::Serialize;

use super::{
    audit::AuditCounts,
    faults::Kind,
    process::Stop,
    pulse::{back_after, usual_rate},
    run::Plan,
    watchers::LiveCounts,
};

/// How soon the rate is to be as before.
const GOAL: Duration = Duration::from_secs(10);
/// How many violations are told in full.
const MOST_TOLD: usize = 20;

/// A fault that has happened.
#[derive(Debug, Clone)]
pub struct Struck {
    pub kind: Kind,
    /// What it has struck.
    pub what: String,
    /// When it began, since the start of the load.
    pub begin: Duration,
    /// When it was over: what was struck runs again.
    pub end: Duration,
    /// How that has stopped, if it was told to.
    pub stop: Option<Stop>,
}

/// What was counted.
#[derive(Debug, Default, Serialize)]
pub struct Counts {
    pub answered: usize,
    pub refused: BTreeMap<String, u64>,
    pub repeated: u64,
    pub unanswered: u64,
    pub records: usize,
    pub redelivered: usize,
    pub effects: usize,
    pub waiting: i64,
    pub dead_letters: usize,
    /// How often processes have ended by themselves.
    pub own_ends: BTreeMap<String, u64>,
    #[serde(rename = "rest_after_s", serialize_with = "as_seconds")]
    pub rest_after: Duration,
    pub live: LiveCounts,
    pub audit: AuditCounts,
}

/// How a fault went by.
#[derive(Debug, Serialize)]
pub struct Recovery {
    pub kind: Kind,
    pub what: String,
    #[serde(rename = "begin_s", serialize_with = "as_seconds")]
    pub begin: Duration,
    #[serde(rename = "length_s", serialize_with = "as_seconds")]
    pub length: Duration,
    /// After how many seconds as many writes were answered as before; none if not before the next fault.
    pub writes_back_s: Option<f64>,
    /// After how many seconds as many events arrived as before; none if not before the next fault.
    pub events_back_s: Option<f64>,
    /// After how many seconds a service has ended that was told to stop.
    pub stopped_after_s: Option<f64>,
    /// Whether it ended by itself, successfully, and in time.
    pub stopped_well: Option<bool>,
}

/// All of it.
#[derive(Debug, Serialize)]
pub struct Report {
    pub seed: u64,
    pub seconds: f64,
    pub rate: u32,
    pub faults: Vec<Recovery>,
    pub counts: Counts,
    pub tally: Tally,
    pub violations: Vec<String>,
}

impl Report {
    /// Puts it together; the two pulses are those of answered writes and of arriving events.
    pub fn new(
        plan: &Plan,
        struck: Vec<Struck>,
        pulses: [Vec<Duration>; 2],
        ended: Duration,
        violations: Vec<Violation>,
        counts: Counts,
    ) -> Self {
        let nexts = struck.iter().skip(1).map(|next| next.begin);
        let untils: Vec<Duration> = nexts.chain([ended]).collect();
        let recover = |(fault, until): (Struck, Duration)| {
            let [writes_back_s, events_back_s] = pulses.each_ref().map(|beats| {
                let usual = usual_rate(beats, fault.begin);
                back_after(beats, fault.end, until, usual).map(|time| time.as_secs_f64())
            });
            Recovery {
                kind: fault.kind,
                what: fault.what,
                begin: fault.begin,
                length: fault.end - fault.begin,
                writes_back_s,
                events_back_s,
                stopped_after_s: fault.stop.map(|stop| stop.after.as_secs_f64()),
                stopped_well: fault.stop.map(|stop| {
                    let limit = fault.kind.stops_within().unwrap_or_default();
                    stop.is_clean && stop.after <= limit
                }),
            }
        };
        Self {
            seed: plan.seed,
            seconds: ended.as_secs_f64(),
            rate: plan.rate,
            faults: struck.into_iter().zip(untils).map(recover).collect(),
            counts,
            tally: Tally::of(&violations),
            violations: violations.iter().map(ToString::to_string).collect(),
        }
    }

    /// Tells whether every promise was kept.
    pub fn is_clean(&self) -> bool {
        self.tally == Tally::default()
            && self.counts.waiting == 0
            && self.counts.dead_letters == 0
            && self.counts.unanswered == 0
            && self.counts.live.refused.is_empty()
            && self.counts.audit.findings.is_empty()
            && self
                .faults
                .iter()
                .all(|fault| fault.stopped_well != Some(false))
    }

    /// Tells whether the rate was as before soon enough after every fault.
    pub fn is_quick(&self) -> bool {
        let soon = |back: Option<f64>| back.is_some_and(|back| back <= GOAL.as_secs_f64());
        self.faults
            .iter()
            .all(|fault| soon(fault.writes_back_s) && soon(fault.events_back_s))
    }

    fn kinds(&self) -> BTreeMap<Kind, Vec<&Recovery>> {
        let mut kinds: BTreeMap<Kind, Vec<&Recovery>> = BTreeMap::new();
        for fault in &self.faults {
            kinds.entry(fault.kind).or_default().push(fault);
        }
        kinds
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            seconds,
            rate,
            counts,
            tally,
            ..
        } = self;
        writeln!(
            formatter,
            "seed {seed}, {seconds:.0} s, {rate} calls a second"
        )?;
        writeln!(
            formatter,
            "\n{:<16} {:>6}   {:<34} {:<34}",
            "fault",
            "count",
            "writes as before after (p50, max)",
            "events as before after (p50, max)"
        )?;
        for (kind, faults) in self.kinds() {
            writeln!(
                formatter,
                "{kind:<16} {:>6}   {:<34} {:<34}",
                faults.len(),
                spread(faults.iter().map(|fault| fault.writes_back_s)),
                spread(faults.iter().map(|fault| fault.events_back_s)),
            )?;
        }
        for (kind, faults) in self.kinds() {
            let times = faults.iter().filter_map(|fault| fault.stopped_after_s);
            if kind.stops_within().is_some() {
                let bad = faults
                    .iter()
                    .filter(|fault| fault.stopped_well == Some(false));
                writeln!(
                    formatter,
                    "\n{kind}: ended after (p50, max) {}; {} too late or with a failure",
                    spread(times.map(Some)),
                    bad.count()
                )?;
            }
        }
        let refused: u64 = counts.refused.values().sum();
        writeln!(
            formatter,
            "\nwrites: {} answered, {refused} refused {:?}, {} calls made again, {} never answered",
            counts.answered, counts.refused, counts.repeated, counts.unanswered
        )?;
        writeln!(
            formatter,
            "topics: {} records, {} of them delivered again, {} dead letters; effects: {}, {} records wait",
            counts.records, counts.redelivered, counts.dead_letters, counts.effects, counts.waiting
        )?;
        writeln!(
            formatter,
            "at rest {:.1} s after the last answer; processes that ended by themselves: {:?}",
            counts.rest_after.as_secs_f64(),
            counts.own_ends
        )?;
        let LiveCounts {
            clients,
            travels,
            refused,
        } = &counts.live;
        writeln!(
            formatter,
            "live: {clients} clients were told {} changes over {} sockets, {} of them behind a resume token; {} times to begin anew; \
             refused {refused:?}",
            travels.changes, travels.sockets, travels.resumed, travels.resyncs
        )?;
        let AuditCounts {
            records,
            checkpoints,
            findings,
        } = &counts.audit;
        writeln!(
            formatter,
            "audit: {records} records under {checkpoints} checkpoints; found {findings:?}"
        )?;
        for violation in self.violations.iter().take(MOST_TOLD) {
            writeln!(formatter, "{violation}")?;
        }
        if self.violations.len() > MOST_TOLD {
            writeln!(
                formatter,
                "… and {} more",
                self.violations.len() - MOST_TOLD
            )?;
        }
        write!(
            formatter,
            "\n{} lost, {} doubled, {} inverted, {} unfounded: {}",
            tally.lost,
            tally.doubled,
            tally.inverted,
            tally.unfounded,
            if self.is_clean() {
                "every promise was kept"
            } else {
                "PROMISES WERE BROKEN"
            }
        )
    }
}

/// Returns the median and the maximum, and how many were not back before the next fault.
fn spread(backs: impl Iterator<Item = Option<f64>>) -> String {
    let (mut known, mut unknown) = (Vec::new(), 0);
    for back in backs {
        match back {
            Some(back) => known.push(back),
            None => unknown += 1,
        }
    }
    known.sort_by(f64::total_cmp);
    let mut text = String::new();
    if let (Some(median), Some(most)) = (known.get(known.len() / 2), known.last()) {
        // Writing into a text does not fail.
        let _ = write!(text, "{median:.1} s, {most:.1} s");
    }
    if unknown > 0 {
        let _ = write!(text, " ({unknown} not before the next)");
    }
    text
}

fn as_seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}
