//! The whole mesh as its users meet it: the program `taskmesh`, its doors, its mail, its topics; also when it is stopped or
//! killed.

mod bad_input;
mod bounds;
mod broker_outage;
mod client;
mod doors;
mod followed;
mod graceful_shutdown;
mod journey;
mod killed;
mod mailbox;
mod mesh;
mod organised;
mod recovery;
mod refusals;
mod topics;
