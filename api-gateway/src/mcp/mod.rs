//! The door for AI agents: the contract's tools over the Model Context Protocol, stateless, at `/mcp`.

mod call;
mod client_info;
mod door;
mod error;
mod params;
mod server;
mod tools;

pub use door::{Door, handle};
pub use tools::Tools;
