//! Parts of the service, as processes that can be killed, on a real PostgreSQL and a mail server of the test's own.

mod batches;
mod bench;
mod delivering;
mod mail_server;
mod outcome;
mod plans;
mod scheduling;
mod task;

use bench::{Bench, Row};
pub(crate) use mail_server::{Behaviour, MailServer};
use outcome::Outcome;
use task::TaskBuilder;
