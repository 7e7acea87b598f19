use std::process::ExitCode;

use serde::Serialize;
use service_runtime::BoxError;

use super::{Line, figures::NAME_WIDTH, machine::Machine};

/// Everything that one benchmark has to say.
#[derive(Debug, Serialize)]
pub struct Page {
    machine: Machine,
    figures: Vec<Line>,
}

impl Page {
    /// Begins a report.
    pub fn new(postgresql: String) -> Self {
        Self {
            machine: Machine::look(postgresql),
            figures: Vec::new(),
        }
    }

    /// Adds a line.
    pub fn add(&mut self, line: Line) {
        self.figures.push(line);
    }

    /// Prints the report as a table or as JSON.
    pub fn print(&self, json: bool) -> Result<(), BoxError> {
        if json {
            println!("{}", serde_json::to_string_pretty(self)?);
            return Ok(());
        }
        println!("{}\n", self.machine);
        let names = self.figures.iter().map(|line| line.name().len());
        let width = names.max().unwrap_or(0).max(NAME_WIDTH);
        println!(
            "{:<width$} {:>6} {:>9} {:>9} {:>9} {:>9} {:>9}  goal",
            "milliseconds", "count", "p50", "p95", "p99", "max", "per s"
        );
        for line in &self.figures {
            println!("{line:width$}");
        }
        Ok(())
    }

    /// Returns success; or, if that is asked for, failure when something was not reached.
    pub fn exit_code(&self, strict: bool) -> ExitCode {
        if strict && !self.figures.iter().all(Line::is_reached) {
            return ExitCode::FAILURE;
        }
        ExitCode::SUCCESS
    }
}
