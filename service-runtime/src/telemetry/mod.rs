//! What a service tells about itself: logs, metrics, and the trace that a call or an event belongs to.

pub mod logging;
pub mod metrics;
pub mod propagation;

pub use logging::{LogConfig, LogFormat};
