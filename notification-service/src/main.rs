//! The notification-service as a program.

use std::process::ExitCode;

fn main() -> ExitCode {
    service_runtime::main::<notification_service::NotificationService>()
}
