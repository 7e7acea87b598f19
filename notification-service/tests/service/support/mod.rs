mod task;
mod wire;

pub use task::TaskBuilder;
pub use wire::Wire;
