//! Relays and consumers as they must not be, and moments at which it shows.

pub mod consumer;
pub mod cursor;
pub mod overtaking;
