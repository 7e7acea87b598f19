use std::process::ExitCode;

fn main() -> ExitCode {
    service_runtime::main::<task_service::TaskService>()
}
