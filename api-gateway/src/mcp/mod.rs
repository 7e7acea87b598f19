//! The door for AI agents: the contract's tools over the Model Context Protocol, stateless, at `/mcp`.

mod call;
mod door;
mod error;
mod server;
mod tools;

pub use door::{Door, handle};
pub use tools::Tools;
