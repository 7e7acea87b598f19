//! What the tests of the gateway share: contracts, and the real gateway before fake services.

pub mod fake_services;
pub mod fixture;
pub mod gateway;
pub mod raw_socket;
