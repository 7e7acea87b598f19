//! Runs the gateway as a process of its own.

fn main() -> std::process::ExitCode {
    service_runtime::main::<api_gateway::ApiGateway>()
}
