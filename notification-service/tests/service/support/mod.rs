//! What the tests of this service share.

mod bench;
mod mail_server;
mod outcome;
mod process;
mod task;
mod wire;

pub use bench::{Bench, Row};
pub use mail_server::{Behaviour, MailServer};
pub use outcome::Outcome;
pub use task::TaskBuilder;
pub use wire::Wire;
