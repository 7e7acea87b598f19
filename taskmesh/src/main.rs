//! The `taskmesh` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    taskmesh::main()
}
