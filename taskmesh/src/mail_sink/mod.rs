//! A mail server for development: takes every message and keeps it as a file, so that reminders can be read without a
//! mail server or an account.

mod command;
mod mailbox;
mod server;
mod session;

pub use command::{Arguments, run};
pub use mailbox::Mailbox;
pub use server::MailSink;
