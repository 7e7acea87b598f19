use std::time::Duration;

use clap::Args;

use super::load::Bounds;

/// How much is measured, for how long.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Load")]
pub struct Effort {
    /// How many seconds each load is measured.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub seconds: u64,
    /// How many seconds each load runs before it is measured.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(0..=600))]
    pub warm_up: u64,
    /// How many calls of each load are measured at most.
    #[arg(long, default_value_t = 5_000_000)]
    pub most_calls: usize,
    /// How many calls are under way at once in closed loops.
    #[arg(long, default_value_t = 32, value_parser = at_least_one)]
    pub concurrency: usize,
    /// Over how many HTTP/2 connections the calls go.
    #[arg(long, default_value_t = 2, value_parser = at_least_one)]
    pub connections: usize,
    /// How many calls of each kind are made one by one, where a single call's duration is measured.
    #[arg(long, default_value_t = 300, value_parser = at_least_one)]
    pub calls: usize,
}

impl Effort {
    /// Returns how long a load runs.
    pub fn bounds(&self) -> Bounds {
        Bounds {
            warm_up: Duration::from_secs(self.warm_up),
            measured: Duration::from_secs(self.seconds),
            most: self.most_calls,
        }
    }

    /// Returns how many calls come before those that are measured, where they are made one by one.
    pub fn warm_up_calls(&self) -> usize {
        self.calls / 10
    }
}

/// Reads a number from 1 on.
pub fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("give a whole number from 1 on".to_owned()),
        Ok(number) => Ok(number),
    }
}
