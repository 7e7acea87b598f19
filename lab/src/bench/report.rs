//! Report of a benchmark: a table of rows, or JSON.

use std::{fmt, process::ExitCode};

use serde::Serialize;
use service_runtime::BoxError;
use tokio_postgres::Client;

use super::load::{Latency, Outcome, number};

/// Machine and measurements of one benchmark.
#[derive(Debug, Serialize)]
pub struct Report {
    machine: String,
    rows: Vec<Row>,
}

/// Measurement with its goals.
#[derive(Debug, Serialize)]
pub struct Row {
    name: String,
    unit: &'static str,
    figure: Option<f64>,
    #[serde(flatten)]
    latency: Option<Latency>,
    failures: u64,
    first_failure: Option<String>,
    goals: Vec<Goal>,
}

/// Quantity that a goal limits.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    Figure,
    P50,
    P95,
    P99,
}

#[derive(Debug, Serialize)]
struct Goal {
    measure: Measure,
    bound: &'static str,
    limit: f64,
    met: bool,
}

/// Announces a step on standard error.
pub fn step(text: impl fmt::Display) {
    eprintln!("  {text} …");
}

impl Row {
    /// Creates a row of one value.
    pub fn value(name: impl Into<String>, figure: f64, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            unit,
            figure: Some(figure),
            latency: None,
            failures: 0,
            first_failure: None,
            goals: Vec::new(),
        }
    }

    /// Creates a row of a count that must be 0.
    pub fn none(name: impl Into<String>, count: impl TryInto<u64>) -> Self {
        Self::value(name, number(count), "").at_most(Measure::Figure, 0.0)
    }

    /// Creates a row of the throughput and latency of calls under load.
    pub fn load(name: impl Into<String>, outcome: &Outcome) -> Self {
        Self {
            figure: Some(outcome.per_second()),
            unit: "/s",
            ..Self::latency(name, outcome)
        }
    }

    /// Creates a row of latency alone.
    pub fn latency(name: impl Into<String>, outcome: &Outcome) -> Self {
        Self {
            figure: None,
            latency: Some(outcome.latency()),
            failures: outcome.failures,
            first_failure: outcome.first_failure.clone(),
            ..Self::value(name, 0.0, "")
        }
    }

    /// Adds the failures of the calls from which the value was computed.
    pub fn failing(mut self, failures: u64) -> Self {
        self.failures += failures;
        self
    }

    /// Adds a lower limit.
    pub fn at_least(self, measure: Measure, limit: f64) -> Self {
        self.goal(measure, ">=", limit, |measured| measured >= limit)
    }

    /// Adds an upper limit.
    pub fn at_most(self, measure: Measure, limit: f64) -> Self {
        self.goal(measure, "<=", limit, |measured| measured <= limit)
    }

    /// Adds a goal; a row with failures, or without measurements, meets none.
    fn goal(
        mut self,
        measure: Measure,
        bound: &'static str,
        limit: f64,
        holds: impl Fn(f64) -> bool,
    ) -> Self {
        let latency = self.latency.filter(|latency| latency.count > 0);
        let measured = match measure {
            Measure::Figure => self.figure,
            Measure::P50 => latency.map(|latency| latency.p50),
            Measure::P95 => latency.map(|latency| latency.p95),
            Measure::P99 => latency.map(|latency| latency.p99),
        };
        let met = self.failures == 0 && measured.is_some_and(holds);
        self.goals.push(Goal {
            measure,
            bound,
            limit,
            met,
        });
        self
    }
}

impl Report {
    /// Creates a report about this machine and the PostgreSQL server.
    pub async fn new(client: &Client) -> Result<Self, BoxError> {
        let postgresql = client.query_one("SHOW server_version", &[]).await?;
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let build = match cfg!(debug_assertions) {
            true => "debug",
            false => "release",
        };
        let version: &str = postgresql.get(0);
        Ok(Self {
            machine: format!("{cores} cores, PostgreSQL {version}, load from a {build} build"),
            rows: Vec::new(),
        })
    }

    pub fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Prints the report; returns failure if `strict` and a goal was missed.
    pub fn print(&self, json: bool, strict: bool) -> Result<ExitCode, BoxError> {
        if json {
            println!("{}", serde_json::to_string_pretty(self)?);
        } else {
            let widths = self.rows.iter().map(|row| row.name.chars().count());
            let width = widths.max().unwrap_or(0);
            println!("{}\n", self.machine);
            println!(
                "{:width$} {:>18} {:>8} {:>9} {:>9} {:>9} {:>9}  goal (latency in ms)",
                "", "figure", "count", "p50", "p95", "p99", "max"
            );
            self.rows.iter().for_each(|row| println!("{row:width$}"));
        }
        let mut goals = self.rows.iter().flat_map(|row| &row.goals);
        Ok(match strict && !goals.all(|goal| goal.met) {
            true => ExitCode::FAILURE,
            false => ExitCode::SUCCESS,
        })
    }
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = formatter.width().unwrap_or(0);
        let figure = self
            .figure
            .map(|figure| format!("{figure:.2} {}", self.unit));
        let figure = figure.unwrap_or_default();
        write!(formatter, "{:width$} {figure:>18}", self.name)?;
        if let Some(latency) = self.latency {
            write!(formatter, " {:>8}", latency.count)?;
            for milliseconds in [latency.p50, latency.p95, latency.p99, latency.max] {
                write!(formatter, " {milliseconds:>9.2}")?;
            }
        }
        for goal in &self.goals {
            let met = if goal.met { "yes" } else { "NO" };
            let (measure, bound, limit) = (goal.measure, goal.bound, goal.limit);
            write!(formatter, "  {measure:?} {bound} {limit}: {met}")?;
        }
        if self.failures > 0 {
            let first = self.first_failure.as_deref().unwrap_or_default();
            write!(formatter, "\n    {} FAILED: {first}", self.failures)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn met(row: &Row) -> Vec<bool> {
        row.goals.iter().map(|goal| goal.met).collect()
    }

    #[test]
    fn goals_compare_percentiles_and_figures() {
        let outcome: Outcome = [Duration::from_millis(5)].into_iter().collect();
        let row = Row::latency("calls", &outcome)
            .at_most(Measure::P95, 6.0)
            .at_most(Measure::P99, 4.0)
            .at_least(Measure::Figure, 1.0);
        assert_eq!(met(&row), [true, false, false]);
    }

    #[test]
    fn row_without_measurements_or_with_failures_meets_no_goal() {
        let row = Row::latency("calls", &Outcome::default()).at_most(Measure::P95, 6.0);
        assert_eq!(met(&row), [false]);
        let mut outcome: Outcome = [Duration::from_millis(5)].into_iter().collect();
        outcome.add(Duration::ZERO, Err("refused".into()));
        let row = Row::latency("calls", &outcome).at_most(Measure::P95, 6.0);
        assert_eq!(met(&row), [false]);
        assert!(row.to_string().contains("1 FAILED: refused"), "{row}");
    }
}
