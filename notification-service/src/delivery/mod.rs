//! The ways out of the mesh, and how deliveries get there.
//!
//! A try has two steps with a mark in the ledger between them. The first has no effect on anybody: it connects, logs in, names
//! the recipient. Then the ledger says `sending`. The second hands the message over. A process that dies in the first step
//! leaves a delivery that is tried again; one that dies in the second leaves one that may or may not have arrived, which
//! becomes `unknown` and is not sent again, so that no user is reminded twice.

mod attempt;
mod channel;
mod dispatcher;
pub(crate) mod email;
mod mail;
mod smtp;
mod warmer;

pub use channel::{Channel, Handover};
pub use dispatcher::Dispatcher;
pub use warmer::warm_up_channels;
