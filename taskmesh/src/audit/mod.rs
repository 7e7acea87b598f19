//! `taskmesh audit`: checks records of the audit-service where neither the service nor its database is at hand.

mod command;
pub mod public_key;
pub mod verify;

pub use command::{Arguments, run};
