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

/// List, show, redrive and purge dead letters: the records that a service could not process.
///
/// Variables configure the connection: TASKMESH_KAFKA__SECURITY_PROTOCOL, TASKMESH_KAFKA__SASL_MECHANISM,
/// TASKMESH_KAFKA__SASL_USERNAME, TASKMESH_KAFKA__SASL_PASSWORD and TASKMESH_KAFKA__TOPIC_PREFIX.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List dead letters without their content, oldest first in each partition; without filters, also print counts.
    List {
        #[command(flatten)]
        brokers: Brokers,
        #[command(flatten)]
        filters: Filters,
        /// Maximum number of dead letters to list.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
        /// Print one JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Show one dead letter with its headers and content.
    Show {
        #[command(flatten)]
        brokers: Brokers,
        /// Name of the dead letter, as printed by `list`.
        name: LetterName,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Publish dead letters to their source topic and partition again.
    ///
    /// They keep their event ids, so an event that was processed meanwhile has no second effect. They stay until purged.
    Redrive {
        #[command(flatten)]
        brokers: Brokers,
        #[command(flatten)]
        chosen: Chosen,
        /// Publish nothing; print how many would be published.
        #[arg(long)]
        dry_run: bool,
        /// Maximum number of records per second.
        #[arg(long, default_value_t = 100, value_parser = redrive::rate())]
        rate: u32,
    },
    /// Delete dead letters permanently.
    ///
    /// Kafka deletes only from the beginning of a partition, so dead letters after one that is not selected are kept.
    Purge {
        #[command(flatten)]
        brokers: Brokers,
        #[command(flatten)]
        chosen: Chosen,
        /// Delete; without it, only print what would be deleted.
        #[arg(long)]
        yes: bool,
    },
}

/// Runs one of the subcommands.
pub async fn run(arguments: Arguments) -> Result<ExitCode, BoxError> {
    match run_command(arguments.command).await {
        // The reader of the output, such as `head`, has closed it.
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
