//! The lab's command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use lab::{bench, chaos, serve};
use taskmesh::run_command;

/// Measures Taskmesh, and injects faults to check its promises.
#[derive(Debug, Parser)]
#[command(name = "lab", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Bench(bench::Arguments),
    Chaos(Box<chaos::Arguments>),
    #[command(hide = true)]
    Serve(serve::Arguments),
}

fn main() -> ExitCode {
    let CommandLine { command } = CommandLine::parse();
    run_command(async {
        match command {
            Command::Bench(arguments) => bench::run(arguments).await,
            Command::Chaos(arguments) => chaos::run(*arguments).await,
            Command::Serve(arguments) => serve::run(arguments).await,
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn arguments_have_unique_names() {
        CommandLine::command().debug_assert();
    }
}
