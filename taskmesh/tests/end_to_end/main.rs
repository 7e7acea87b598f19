//! The whole mesh as its users meet it: the program `taskmesh`, its doors, its mail, its topics; also when it is killed.

mod bad_input;
mod broker_outage;
mod doors;
mod journey;
mod killed;
mod mailbox;
mod mesh;
mod topics;
