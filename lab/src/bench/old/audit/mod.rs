//! How fast the audit-service records, verifies and tells, and whether it finds whatever is done to records. Works with a database and a
//! broker of its own, or with given ones that no mesh's audit-service uses.

mod append;
mod backlog;
mod command;
mod history;
mod stage;
mod tampering;
mod verification;

pub use command::{Arguments, measure};
