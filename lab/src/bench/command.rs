use std::process::ExitCode;

use clap::{Args, Subcommand};
use service_runtime::BoxError;

use super::{
    api, audit,
    database::DatabaseLocation,
    events, flows, live,
    mesh::{Broker, Connection},
    search,
    subject::Common,
};

/// Measure a running mesh.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure how fast things follow from each other: event after commit, next occurrence after completion, reminder after
    /// its time while many others are armed.
    Flows {
        #[command(flatten)]
        connection: Connection,
        #[command(flatten)]
        broker: Broker,
        #[command(flatten)]
        database: DatabaseLocation,
        #[command(flatten)]
        sizes: flows::Sizes,
        /// Print the figures as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Measure reading, creating and listing tasks, beside what the database itself can do, and what the gateway adds. Seeds a
    /// data set first, if it is not there.
    Api {
        #[command(flatten)]
        common: Box<Common>,
        #[command(flatten)]
        own: api::Arguments,
    },
    /// Measure how fast events go from a commit to their effect, and what becomes of them while something is in the way. Starts a
    /// database and a broker of its own, unless DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS name others.
    Events(events::Arguments),
    /// Measure how fast changes come to clients of the live feed, what idle clients cost, and whether those that are cut off miss anything.
    Live(Box<live::Arguments>),
    /// Measure how fast the audit-service records, verifies and tells who did what, and whether it finds whatever is done to records.
    /// Starts a database and a broker of its own, unless DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS name others.
    Audit(audit::Arguments),
    /// Measure searches. Seeds a data set first, if it is not there.
    Search {
        #[command(flatten)]
        common: Box<Common>,
        #[command(flatten)]
        own: search::Arguments,
    },
}

/// Runs a benchmark and prints its figures.
pub async fn run(arguments: Arguments) -> Result<ExitCode, BoxError> {
    match arguments.command {
        Command::Flows {
            connection,
            broker,
            database,
            sizes,
            json,
        } => {
            let mesh = connection.open(&broker)?;
            let database = database.connect(connection.data_dir()).await?;
            let measured = flows::measure(&mesh, &database, sizes).await?;
            if json {
                println!("{}", serde_json::to_string_pretty(&measured)?);
            } else {
                println!(
                    "{:<52} {:>6} {:>9} {:>9} {:>9} {:>9}",
                    "milliseconds", "count", "p50", "p95", "p99", "max"
                );
                for figures in &measured {
                    println!("{figures}");
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Api { common, own } => {
            let page = api::measure(&common, &own).await?;
            page.print(common.json)?;
            Ok(page.exit_code(common.strict))
        }
        Command::Events(arguments) => {
            let page = events::measure(&arguments).await?;
            page.print(arguments.json)?;
            Ok(page.exit_code(arguments.strict))
        }
        Command::Live(arguments) => {
            let page = live::measure(&arguments).await?;
            page.print(arguments.json)?;
            Ok(page.exit_code(arguments.strict))
        }
        Command::Audit(arguments) => {
            let page = audit::measure(&arguments).await?;
            page.print(arguments.json)?;
            Ok(page.exit_code(arguments.strict))
        }
        Command::Search { common, own } => {
            let page = search::measure(&common, &own).await?;
            page.print(common.json)?;
            Ok(page.exit_code(common.strict))
        }
    }
}
