//! gRPC services.

mod call;
mod convert;
mod services;

use crate::app::App;

/// Implements every service.
#[derive(Clone)]
pub struct Rpc(pub App);
