//! Wrong relays and consumers, and situations that reveal their bugs.

pub mod consumer;
pub mod cursor;
pub mod overtaking;
