//! The realtime-service as a program.

use std::process::ExitCode;

fn main() -> ExitCode {
    service_runtime::main::<realtime_service::RealtimeService>()
}
