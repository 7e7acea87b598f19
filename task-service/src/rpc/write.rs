//! How all calls that write are accepted and answered.

use prost::Message;
use service_runtime::{
    grpc::{accept, status},
    idempotency::Call,
};
use taskmesh_proto::task::v1 as pb;
use tonic::{Request, Response, Status};

use crate::{
    App,
    domain::Violations,
    error::Error,
    operations::{self, Operation},
};

/// A request that writes.
pub trait WriteRequest: Message {
    /// The name of its method, which tells it from the requests of other methods.
    const METHOD: &'static str;

    /// Takes out what steers the call, which leaves what it asks for: its request_id, and whether it is only checked.
    fn take_control(&mut self) -> (String, bool);
}

macro_rules! write_requests {
    ($($request:ident),* $(,)?) => {$(
        impl WriteRequest for pb::$request {
            const METHOD: &'static str = stringify!($request);

            fn take_control(&mut self) -> (String, bool) {
                (
                    std::mem::take(&mut self.request_id),
                    std::mem::take(&mut self.validate_only),
                )
            }
        }
    )*};
}

write_requests! {
    CreateTaskRequest,
    UpdateTaskRequest,
    CompleteTaskRequest,
    ReopenTaskRequest,
    DeleteTaskRequest,
    UndeleteTaskRequest,
    SetRecurrenceRequest,
    SetRemindersRequest,
    TagTaskRequest,
    UntagTaskRequest,
    BatchCreateTasksRequest,
    BatchUpdateTasksRequest,
    BatchCompleteTasksRequest,
    BatchDeleteTasksRequest,
    UndoOperationRequest,
    ImportTasksRequest,
    CreateCategoryRequest,
    UpdateCategoryRequest,
    DeleteCategoryRequest,
    CreateTagRequest,
    UpdateTagRequest,
    DeleteTagRequest,
    CreateSavedFilterRequest,
    UpdateSavedFilterRequest,
    DeleteSavedFilterRequest,
    UpdateSettingsRequest,
}

/// Accepts a call that writes, does what it asks for, and answers.
pub async fn answer<R, O, M>(app: &App, request: Request<R>) -> Result<Response<M>, Status>
where
    R: WriteRequest,
    O: Operation + TryFrom<R, Error = Violations>,
    M: Message + Default + for<'a> From<&'a O::Answer>,
{
    let (call, message) = accept_write(request)?;
    let operation = O::try_from(message).map_err(|error| status(&Error::from(error)))?;
    let answer = operations::write(app, &call, &operation).await;
    answer.map(Response::new).map_err(|error| status(&error))
}

/// Takes a request apart into the call and what it asks for.
pub fn accept_write<R: WriteRequest>(request: Request<R>) -> Result<(Call, R), Status> {
    let (caller, mut message) = accept(request)?;
    let (request_id, validate_only) = message.take_control();
    let call = Call::new(caller, &request_id, validate_only, R::METHOD, &message)
        .map_err(|wrong| status(&Error::field(&wrong.field, wrong.description)))?;
    Ok((call, message))
}
