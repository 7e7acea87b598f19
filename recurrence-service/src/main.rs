use std::process::ExitCode;

fn main() -> ExitCode {
    service_runtime::main::<recurrence_service::RecurrenceService>()
}
