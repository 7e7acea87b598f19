//! `taskmesh up` as a user runs it: start, stop, kill, start again.

mod graceful_shutdown;
mod recovery;
mod refusals;
mod test_mesh;
