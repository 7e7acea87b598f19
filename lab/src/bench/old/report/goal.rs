use std::fmt;

use serde::Serialize;

use super::Figures;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The duration that half of the calls stay below.
    P50Ms,
    /// The duration that 95 of 100 calls stay below.
    P95Ms,
    /// The duration that 99 of 100 calls stay below.
    P99Ms,
    /// Calls in a second.
    PerSecond,
    /// The value of a line that has only one.
    Value,
}

/// Where it has to be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

/// Something to be reached, and whether it was.
#[derive(Debug, Clone, Serialize)]
pub struct Goal {
    pub measure: Measure,
    #[serde(flatten)]
    pub bound: Bound,
    pub measured: f64,
    pub reached: bool,
}

impl Goal {
    /// Compares a measured value with its bound.
    pub fn of(measure: Measure, bound: Bound, measured: f64) -> Self {
        let reached = match bound {
            Bound::AtLeast(least) => measured >= least,
            Bound::AtMost(most) => measured <= most,
        };
        Self {
            measure,
            bound,
            measured,
            reached,
        }
    }

    /// Compares one of the percentiles of some durations with its bound.
    pub fn of_figures(measure: Measure, bound: Bound, figures: &Figures) -> Self {
        let measured = match measure {
            Measure::P50Ms => figures.p50_ms,
            Measure::P95Ms => figures.p95_ms,
            Measure::P99Ms => figures.p99_ms,
            Measure::PerSecond | Measure::Value => f64::NAN,
        };
        Self::of(measure, bound, measured)
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.measure {
            Measure::P50Ms => "p50 ",
            Measure::P95Ms => "p95 ",
            Measure::P99Ms => "p99 ",
            Measure::PerSecond | Measure::Value => "",
        };
        let unit = match self.measure {
            Measure::P50Ms | Measure::P95Ms | Measure::P99Ms => " ms",
            Measure::PerSecond => "/s",
            Measure::Value => "",
        };
        let (sign, limit) = match self.bound {
            Bound::AtLeast(limit) => (">=", limit),
            Bound::AtMost(limit) => ("<=", limit),
        };
        let answer = if self.reached { "yes" } else { "NO" };
        write!(formatter, "{name}{sign} {limit}{unit}: {answer}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_says_what_it_wants_and_whether_it_was_reached() {
        let fast = Goal::of(Measure::P95Ms, Bound::AtMost(10.0), 10.0);
        assert_eq!(
            (fast.reached, fast.to_string()),
            (true, "p95 <= 10 ms: yes".to_owned())
        );
        let few = Goal::of(Measure::PerSecond, Bound::AtLeast(15_000.0), 14_999.0);
        assert_eq!(
            (few.reached, few.to_string()),
            (false, ">= 15000/s: NO".to_owned())
        );
    }

    #[test]
    fn what_was_not_measured_is_not_reached() {
        for bound in [Bound::AtMost(10.0), Bound::AtLeast(10.0)] {
            assert!(!Goal::of(Measure::Value, bound, f64::NAN).reached);
        }
    }
}
