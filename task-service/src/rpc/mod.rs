//! gRPC services of the task-service, and the client of the recurrence-service.

mod call;
mod convert;
mod recurrence_client;
mod services;

use crate::app::App;

pub use convert::instant;
pub use recurrence_client::RecurrenceClient;

/// Implements every service.
#[derive(Clone)]
pub struct Rpc(pub App);
