//! Calls: a request becomes an operation, and its result the response.

use prost::Message;
use service_runtime::{
    grpc::{Caller, accept, status},
    idempotency::{Call, Response as StoredResponse},
};
use tonic::{Request, Response, Status};

use crate::{
    app::App,
    domain::Violations,
    error::Error,
    operations::{self, Operation, Query},
};

/// Request that writes.
pub trait WriteRequest: Message {
    /// Name of its type, which distinguishes it from requests of other methods.
    const METHOD: &'static str;

    /// Takes out its `request_id` and `validate_only`, which leaves what it asks for.
    fn take_control(&mut self) -> (String, bool);
}

/// Implements [`WriteRequest`].
macro_rules! write_requests {
    ($($request:ident)*) => {$(
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

pub(super) use write_requests;

/// Runs the operation of a call that reads.
pub async fn read<R, Q, M>(app: &App, request: Request<R>) -> Result<Response<M>, Status>
where
    Q: Query + TryFrom<R>,
    Error: From<Q::Error>,
    M: for<'a> From<&'a Q::Answer>,
{
    let (caller, message) = accept(request)?;
    let answer = async { Q::try_from(message)?.run(app, &caller).await };
    let answer = answer.await.map_err(|error: Error| status(&error))?;
    Ok(Response::new(M::from(&answer)))
}

/// Runs the operation of a call that writes.
pub async fn write<R, O, M>(app: &App, request: Request<R>) -> Result<Response<M>, Status>
where
    R: WriteRequest,
    O: Operation + TryFrom<R, Error = Violations>,
    M: StoredResponse + for<'a> From<&'a O::Answer>,
{
    let (call, message) = take_apart(request)?;
    // A call that is refused anyway is checked as well, to report all that is wrong with it.
    let (call, control) = match call {
        Ok(call) => (call, Ok(())),
        Err((caller, wrong)) => (Call::rehearsal(caller), Err(wrong)),
    };
    let answer = match O::try_from(message) {
        Ok(operation) => operations::write(app, &call, &operation).await,
        Err(violations) => Err(violations.into()),
    };
    let answer = Error::both(control, answer).map(|((), answer)| Response::new(answer));
    answer.map_err(|error| status(&error))
}

/// Takes a request apart into the call and what it asks for.
pub fn accept_write<R: WriteRequest>(request: Request<R>) -> Result<(Call, R), Status> {
    let (call, message) = take_apart(request)?;
    let call = call.map_err(|(_, wrong)| status(&Error::from(wrong)))?;
    Ok((call, message))
}

/// A call, or its caller and what is wrong with what steers it.
type TakenCall = Result<Call, (Caller, Violations)>;

fn take_apart<R: WriteRequest>(request: Request<R>) -> Result<(TakenCall, R), Status> {
    let (caller, mut message) = accept(request)?;
    let (request_id, validate_only) = message.take_control();
    let call = Call::new(
        caller.clone(),
        &request_id,
        validate_only,
        R::METHOD,
        &message,
    );
    let call = call.map_err(|wrong| (caller, wrong.into()));
    Ok((call, message))
}
