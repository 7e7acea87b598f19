//! The audit-service as a program.

use std::process::ExitCode;

fn main() -> ExitCode {
    service_runtime::main::<audit_service::AuditService>()
}
