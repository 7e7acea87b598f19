//! Records and their tamper evidence. Knows no tonic, diesel or rdkafka.

pub mod activity;
pub mod chain;
pub mod checkpoint;
pub mod filter;
pub mod hash;
pub mod merkle;
pub mod record;
pub mod sealed_line;
pub mod signing;
pub mod verification;
