use service_runtime::grpc::Caller;

use crate::{app::App, error::Error};

/// Operation that only reads.
pub trait Query: Send {
    /// Result.
    type Answer: Send;

    /// Runs the operation.
    fn run(
        &self,
        app: &App,
        caller: &Caller,
    ) -> impl Future<Output = Result<Self::Answer, Error>> + Send;
}
