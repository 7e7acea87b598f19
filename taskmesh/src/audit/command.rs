use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use service_runtime::BoxError;

use super::{public_key, verify};
use crate::{command_line::report, data_folder::Location, up::settings::AUDIT_KEY};

/// Verify audit records without the audit-service or its database.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Verify exported records against the published checkpoints, and print all findings.
    ///
    /// Exit code: 0 without findings, 1 with findings, 2 if the verification failed. At most 1000 findings per chain are
    /// printed. Exports made with a filter cannot be verified, because records are missing.
    Verify(verify::Arguments),
    /// Print the public key that verifies checkpoints (PEM).
    PublicKey {
        #[command(flatten)]
        location: Location,
        /// Private key file that signs checkpoints, instead of the one in the data folder.
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
