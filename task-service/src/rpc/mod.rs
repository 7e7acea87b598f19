//! gRPC services, and the client of the recurrence-service.

mod call;
mod convert;
pub mod recurrence_client;
mod services;

pub use services::Rpc;
