use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use service_runtime::BoxError;

use super::{public_key, verify};
use crate::{command_line::report, data_folder::Location, up::settings::AUDIT_KEY};

/// Check records of the audit-service without the service or its database.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check exported records against the checkpoints that were published, and tell what is wrong and where.
    ///
    /// Ends with 0 if nothing is wrong, 1 if something is, and 2 if it could not be checked. A chain tells its first thousand findings
    /// at most. Exports that were made with a filter cannot be checked: what it left out is missing.
    Verify(verify::Arguments),
    /// Print the public key that checkpoints are checked with (PEM).
    PublicKey {
        #[command(flatten)]
        location: Location,
        /// The private key that signs checkpoints, instead of the one in the data folder.
        #[arg(long)]
        signing_key_file: Option<PathBuf>,
    },
}

/// Runs one of the subcommands.
pub async fn run(arguments: Arguments) -> Result<ExitCode, BoxError> {
    match arguments.command {
        Command::Verify(arguments) => {
            // It keeps all cores busy, and no other work waits for them.
            let verified = tokio::task::spawn_blocking(move || verify::run(&arguments)).await?;
            Ok(verified.unwrap_or_else(|error| {
                report(error.as_ref());
                ExitCode::from(2)
            }))
        }
        Command::PublicKey {
            location,
            signing_key_file,
        } => {
            let path = match signing_key_file {
                Some(path) => path,
                None => location.of_mesh()?.join(AUDIT_KEY),
            };
            print!("{}", public_key::read(&path)?);
            Ok(ExitCode::SUCCESS)
        }
    }
}
