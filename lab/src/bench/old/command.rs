use std::process::ExitCode;

use clap::Subcommand;
use service_runtime::BoxError;

use super::{audit, events, live};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure how fast events go from a commit to their effect, and what becomes of them while something is in the way. Starts a
    /// database and a broker of its own, unless DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS name others.
    Events(events::Arguments),
    /// Measure how fast changes come to clients of the live feed, what idle clients cost, and whether those that are cut off miss anything.
    Live(Box<live::Arguments>),
    /// Measure how fast the audit-service records, verifies and tells who did what, and whether it finds whatever is done to records.
    /// Starts a database and a broker of its own, unless DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS name others.
    Audit(audit::Arguments),
}

/// Runs a benchmark and prints its figures.
pub async fn run(command: Command, json: bool, strict: bool) -> Result<ExitCode, BoxError> {
    match command {
        Command::Events(arguments) => {
            let page = events::measure(&arguments).await?;
            page.print(json)?;
            Ok(page.exit_code(strict))
        }
        Command::Live(arguments) => {
            let page = live::measure(&arguments).await?;
            page.print(json)?;
            Ok(page.exit_code(strict))
        }
        Command::Audit(arguments) => {
            let page = audit::measure(&arguments).await?;
            page.print(json)?;
            Ok(page.exit_code(strict))
        }
    }
}
