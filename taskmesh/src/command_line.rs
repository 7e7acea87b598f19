//! The command line: one subcommand a module.

use std::{error::Error, future::Future, process::ExitCode};

use clap::{Parser, Subcommand};

use service_runtime::BoxError;

use crate::{audit, broker, dlq, infra, mail_sink, open_files, token, topics, up};

/// Runs Taskmesh on a developer's machine, and operates it anywhere.
#[derive(Debug, Parser)]
#[command(name = "taskmesh", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Up(Box<up::Arguments>),
    Token(token::Arguments),
    Mail(mail_sink::Arguments),
    Topics(topics::Arguments),
    Dlq(dlq::Arguments),
    Audit(audit::Arguments),
    Broker(broker::Arguments),
    Infra(infra::Arguments),
}

/// Runs the subcommand that the process was called with.
pub fn main() -> ExitCode {
    let CommandLine { command } = CommandLine::parse();
    run_command(async {
        match command {
            Command::Up(arguments) => up::run(*arguments).await,
            Command::Token(arguments) => token::run(&arguments),
            Command::Mail(arguments) => mail_sink::run(arguments),
            Command::Topics(arguments) => topics::run(arguments).await,
            Command::Dlq(arguments) => dlq::run(arguments).await,
            Command::Audit(arguments) => audit::run(arguments).await,
            Command::Broker(arguments) => broker::run(arguments).await,
            Command::Infra(arguments) => infra::run(arguments).await,
        }
    })
}

/// Runs a command to its end on a runtime of its own and reports its error.
pub fn run_command(command: impl Future<Output = Result<ExitCode, BoxError>>) -> ExitCode {
    open_files::allow_all();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            report(&error);
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(command);
    // A thread that hangs in a library must not keep the process from ending.
    runtime.shutdown_background();
    result.unwrap_or_else(|error| {
        report(error.as_ref());
        ExitCode::FAILURE
    })
}

/// Prints an error with its causes.
pub fn report(error: &dyn Error) {
    let mut told = error.to_string();
    eprintln!("taskmesh: {told}");
    let mut cause = error.source();
    while let Some(error) = cause {
        // Some errors repeat their cause in their own words.
        let text = error.to_string();
        if !told.contains(&text) {
            eprintln!("  caused by: {text}");
        }
        told = text;
        cause = error.source();
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn no_two_arguments_of_a_subcommand_have_one_name() {
        CommandLine::command().debug_assert();
    }
}
