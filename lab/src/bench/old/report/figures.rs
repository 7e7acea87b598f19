use std::{fmt, time::Duration};

use serde::Serialize;

/// How wide the column of names is, unless a width is given.
pub const NAME_WIDTH: usize = 52;

/// What one measurement came to, in milliseconds.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// What was measured.
    pub name: String,
    /// How often.
    pub count: usize,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
}

impl Figures {
    /// Computes the percentiles (nearest rank) of some durations; all zero if there are none.
    pub fn of(name: impl Into<String>, mut durations: Vec<Duration>) -> Self {
        durations.sort();
        let rank = |percent: usize| {
            let rank = (durations.len() * percent).div_ceil(100).max(1);
            durations
                .get(rank - 1)
                .map_or(0.0, |duration| duration.as_secs_f64() * 1000.0)
        };
        Self {
            name: name.into(),
            count: durations.len(),
            p50_ms: rank(50),
            p95_ms: rank(95),
            p99_ms: rank(99),
            max_ms: rank(100),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            count,
            p50_ms,
            p95_ms,
            p99_ms,
            max_ms,
        } = self;
        let width = formatter.width().unwrap_or(NAME_WIDTH);
        write!(
            formatter,
            "{name:<width$} {count:>6} {p50_ms:>9.1} {p95_ms:>9.1} {p99_ms:>9.1} {max_ms:>9.1}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let figures = Figures::of("test", (1..=200).rev().map(Duration::from_millis).collect());
        assert_eq!(
            (
                figures.count,
                figures.p50_ms,
                figures.p95_ms,
                figures.p99_ms,
                figures.max_ms
            ),
            (200, 100.0, 190.0, 198.0, 200.0)
        );
        assert_eq!(Figures::of("nothing", Vec::new()).max_ms, 0.0);
    }
}
