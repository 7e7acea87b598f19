use std::fmt;

use serde::Serialize;
use service_runtime::BoxError;

use super::{Bound, Figures, Goal, Measure, figures::NAME_WIDTH};
use crate::bench::old::load::Outcome;

/// One line of a report.
#[derive(Debug, Serialize)]
pub struct Line {
    #[serde(flatten)]
    content: Content,
    /// How many calls failed; a line with failures reaches no goal.
    #[serde(skip_serializing_if = "is_zero")]
    failures: usize,
    /// What the first failure said.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_failure: Option<String>,
    goals: Vec<Goal>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Content {
    Durations {
        #[serde(flatten)]
        figures: Figures,
        #[serde(skip_serializing_if = "Option::is_none")]
        per_second: Option<f64>,
    },
    Value {
        name: String,
        value: f64,
        unit: &'static str,
    },
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Line {
    /// Tells what some calls under load came to.
    pub fn of_outcome(name: impl Into<String>, outcome: Outcome) -> Self {
        Self {
            failures: outcome.failures,
            content: Content::Durations {
                per_second: Some(outcome.per_second()),
                figures: Figures::of(name, outcome.durations),
            },
            first_failure: outcome.first_failure,
            goals: Vec::new(),
        }
    }

    /// Tells how long calls took that were made one by one.
    pub fn of_calls(name: impl Into<String>, outcome: Outcome) -> Self {
        Self {
            content: Content::Durations {
                figures: Figures::of(name, outcome.durations),
                per_second: None,
            },
            failures: outcome.failures,
            first_failure: outcome.first_failure,
            goals: Vec::new(),
        }
    }

    /// Tells durations that were measured apart from calls.
    pub fn of_figures(figures: Figures) -> Self {
        Self {
            content: Content::Durations {
                figures,
                per_second: None,
            },
            failures: 0,
            first_failure: None,
            goals: Vec::new(),
        }
    }

    /// Tells one value.
    pub fn of_value(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            content: Content::Value {
                name: name.into(),
                value,
                unit,
            },
            failures: 0,
            first_failure: None,
            goals: Vec::new(),
        }
    }

    /// Tells why there is no value.
    pub fn of_failure(name: impl Into<String>, failure: &BoxError) -> Self {
        Self {
            failures: 1,
            first_failure: Some(failure.to_string()),
            ..Self::of_value(name, f64::NAN, "")
        }
    }

    /// Notes that calls failed of which the value was computed.
    pub fn failing(mut self, failures: usize) -> Self {
        self.failures += failures;
        self
    }

    /// Returns how many calls failed.
    pub fn failures(&self) -> usize {
        self.failures
    }

    /// Adds what is to be reached.
    pub fn goal(mut self, measure: Measure, bound: Bound) -> Self {
        let mut goal = match &self.content {
            Content::Durations {
                figures,
                per_second,
            } => match measure {
                Measure::PerSecond => Goal::of(measure, bound, per_second.unwrap_or(f64::NAN)),
                _ => Goal::of_figures(measure, bound, figures),
            },
            Content::Value { value, .. } => Goal::of(measure, bound, *value),
        };
        let measured_any = match &self.content {
            Content::Durations { figures, .. } => figures.count > 0,
            Content::Value { .. } => true,
        };
        goal.reached &= measured_any && self.failures == 0;
        self.goals.push(goal);
        self
    }

    /// Returns what was measured.
    pub fn name(&self) -> &str {
        match &self.content {
            Content::Durations { figures, .. } => &figures.name,
            Content::Value { name, .. } => name,
        }
    }

    /// Returns whether all that is to be reached was.
    pub fn is_reached(&self) -> bool {
        self.goals.iter().all(|goal| goal.reached)
    }

    /// Returns the 95th percentile in milliseconds; not a number for a line of one value.
    pub fn p95_ms(&self) -> f64 {
        match &self.content {
            Content::Durations { figures, .. } => figures.p95_ms,
            Content::Value { .. } => f64::NAN,
        }
    }

    /// Returns the 99th percentile in milliseconds; not a number for a line of one value.
    pub fn p99_ms(&self) -> f64 {
        match &self.content {
            Content::Durations { figures, .. } => figures.p99_ms,
            Content::Value { .. } => f64::NAN,
        }
    }

    /// Returns the median in milliseconds; not a number for a line of one value.
    pub fn p50_ms(&self) -> f64 {
        match &self.content {
            Content::Durations { figures, .. } => figures.p50_ms,
            Content::Value { .. } => f64::NAN,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = formatter.width().unwrap_or(NAME_WIDTH);
        match &self.content {
            Content::Durations {
                figures,
                per_second,
            } => {
                write!(formatter, "{figures:width$}")?;
                match per_second {
                    Some(per_second) => write!(formatter, " {per_second:>9.0}")?,
                    None => write!(formatter, " {:>9}", "")?,
                }
            }
            Content::Value { name, value, unit } => {
                write!(
                    formatter,
                    "{name:<width$} {:>56}",
                    format!("{value:.2} {unit}")
                )?;
            }
        }
        let mut separator = "  ";
        for goal in &self.goals {
            write!(formatter, "{separator}{goal}")?;
            separator = ", ";
        }
        if let Some(failure) = &self.first_failure {
            write!(formatter, "\n    {} FAILED: {failure}", self.failures)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn outcome(failures: usize) -> Outcome {
        Outcome {
            durations: vec![Duration::from_millis(2); 10],
            elapsed: Duration::from_secs(2),
            failures,
            first_failure: (failures > 0).then(|| "no answer".to_owned()),
        }
    }

    #[test]
    fn a_line_has_its_throughput_and_its_goals() {
        let line = Line::of_outcome("calls", outcome(0))
            .goal(Measure::P95Ms, Bound::AtMost(10.0))
            .goal(Measure::PerSecond, Bound::AtLeast(5.0));
        assert!(line.is_reached());
        let json = serde_json::to_value(&line).unwrap();
        assert_eq!(json["per_second"], 5.0);
        assert_eq!(json["p95_ms"], 2.0);
        assert_eq!(json["goals"][0]["at_most"], 10.0);
        assert_eq!(json["goals"][0]["reached"], true);
    }

    #[test]
    fn failed_calls_reach_no_goal_however_fast_they_were() {
        let line = Line::of_outcome("calls", outcome(1)).goal(Measure::P95Ms, Bound::AtMost(10.0));
        assert!(!line.is_reached());
        assert!(line.to_string().contains("1 FAILED: no answer"), "{line}");
    }

    #[test]
    fn nothing_measured_reaches_no_goal() {
        let line =
            Line::of_calls("calls", Outcome::default()).goal(Measure::P95Ms, Bound::AtMost(10.0));
        assert!(!line.is_reached());
    }
}
