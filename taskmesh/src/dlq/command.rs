use std::{io, process::ExitCode};

use clap::{Args, Subcommand};
use service_runtime::{
    BoxError,
    dead_letters::{DeadLetterOffice, LetterName},
};

use super::{
    chosen::{Chosen, Filters},
    list, purge, redrive, show,
};
use crate::topics::Brokers;

/// Find, show, send back and delete dead letters: the records that a service could not handle.
///
/// How to reach the cluster stands in variables such as TASKMESH_KAFKA__SECURITY_PROTOCOL, TASKMESH_KAFKA__SASL_MECHANISM,
/// TASKMESH_KAFKA__SASL_USERNAME, TASKMESH_KAFKA__SASL_PASSWORD and TASKMESH_KAFKA__TOPIC_PREFIX.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List dead letters without what they hold, the oldest of each partition first; without filters, count them as well.
    List {
        #[command(flatten)]
        brokers: Brokers,
        #[command(flatten)]
        filters: Filters,
        /// List so many at most.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Show one dead letter with its headers and what it holds.
    Show {
        #[command(flatten)]
        brokers: Brokers,
        /// Its name, as `list` prints it.
        name: LetterName,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Send dead letters back to where they came from, to be handled again.
    ///
    /// They keep their event ids, so what was handled meanwhile stays as it is. The letters stay until they are purged.
    Redrive {
        #[command(flatten)]
        brokers: Brokers,
        #[command(flatten)]
        chosen: Chosen,
        /// Send nothing; tell how many would be sent.
        #[arg(long)]
        dry_run: bool,
        /// Send so many a second at most.
        #[arg(long, default_value_t = 100, value_parser = redrive::rate())]
        rate: u32,
    },
    /// Delete dead letters for good.
    ///
    /// Kafka deletes from the beginning of a partition only, so letters behind one that was not chosen stay.
    Purge {
        #[command(flatten)]
        brokers: Brokers,
        #[command(flatten)]
        chosen: Chosen,
        /// Delete; without it, only tell what would be deleted.
        #[arg(long)]
        yes: bool,
    },
}

/// Runs one of the subcommands.
pub async fn run(arguments: Arguments) -> Result<ExitCode, BoxError> {
    match run_command(arguments.command).await {
        // Whoever read the output, such as `head`, has seen enough.
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        result => result.map(|()| ExitCode::SUCCESS),
    }
}

fn is_broken_pipe(error: &BoxError) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

async fn run_command(command: Command) -> Result<(), BoxError> {
    match command {
        Command::List {
            brokers,
            filters,
            limit,
            json,
        } => list::run(&office(&brokers)?, filters.into(), limit, json).await?,
        Command::Show {
            brokers,
            name,
            json,
        } => show::run(&office(&brokers)?, name, json).await?,
        Command::Redrive {
            brokers,
            chosen,
            dry_run,
            rate,
        } => redrive::run(&office(&brokers)?, chosen.into_choice()?, rate, dry_run).await?,
        Command::Purge {
            brokers,
            chosen,
            yes,
        } => purge::run(&office(&brokers)?, chosen.into_choice()?, yes).await?,
    }
    Ok(())
}

fn office(brokers: &Brokers) -> Result<DeadLetterOffice, BoxError> {
    Ok(DeadLetterOffice::of_mesh(brokers.kafka()?))
}
