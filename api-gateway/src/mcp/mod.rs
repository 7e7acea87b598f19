//! Endpoint for AI agents: the contract's tools over the Model Context Protocol, stateless, at `/mcp`.

mod call;
mod client_info;
mod endpoint;
mod error;
mod params;
mod server;
mod tools;

pub use endpoint::Endpoint;
pub use tools::Tools;
