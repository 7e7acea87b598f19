//! What the tests of this service share.

mod task;
mod wire;

pub use task::TaskBuilder;
pub use wire::Wire;
