use std::sync::Arc;

use axum::{
    extract::{Extension, Request, State},
    response::Response,
};
use service_runtime::grpc::{Caller, Verified, deadline};
use tokio::time::Instant;

use super::{deadline::requested_deadline, live, problem, reply, request::read_message};
use crate::{
    catalog::{Binding, Found, Rpc},
    error::Error,
    gateway::Gateway,
};

/// Answers every request that the catalog has a route for, and those that it has none for.
pub(super) async fn handle(
    State(gateway): State<Arc<Gateway>>,
    Extension(verified): Extension<Verified>,
    request: Request,
) -> Response {
    answer(&gateway, &verified, request)
        .await
        .unwrap_or_else(|error| problem(&error))
}

async fn answer(
    gateway: &Arc<Gateway>,
    verified: &Verified,
    request: Request,
) -> Result<Response, Error> {
    let path = request.uri().path();
    match gateway.catalog.routes.find(request.method(), path) {
        Found::Route {
            rpc,
            binding,
            values,
        } => {
            let asked = requested_deadline(request.headers())?;
            let time = match (&rpc.live, rpc.streams) {
                (Some(_), _) => gateway.requests.live_deadline(asked, verified.time_left()),
                (None, true) => gateway.requests.stream_deadline(asked),
                (None, false) => gateway.requests.deadline(asked),
            };
            let deadline = Instant::now() + time;
            let call = Call {
                gateway,
                caller: &verified.caller,
                rpc,
                binding,
                deadline,
            };
            deadline::with_deadline(deadline, call.answer(&values, request)).await
        }
        Found::OtherMethods(_) | Found::Nothing { .. }
            if live::is_ticket_route(&gateway.catalog.routes, path) =>
        {
            let (parts, body) = request.into_parts();
            live::issue_ticket(gateway, verified, &parts, body).await
        }
        Found::OtherMethods(allowed) => Err(Error::MethodNotAllowed {
            method: request.method().clone(),
            allowed,
        }),
        Found::Nothing { nearest } => Err(Error::RouteNotFound {
            path: path.to_owned(),
            nearest,
        }),
    }
}

struct Call<'a> {
    gateway: &'a Arc<Gateway>,
    caller: &'a Caller,
    rpc: &'a Arc<Rpc>,
    binding: &'a Binding,
    deadline: Instant,
}

impl Call<'_> {
    async fn answer(self, path_values: &[String], request: Request) -> Result<Response, Error> {
        let Self {
            gateway,
            caller,
            rpc,
            binding,
            deadline,
        } = self;
        let (parts, body) = request.into_parts();
        let message =
            read_message(gateway, caller, rpc, binding, path_values, &parts, body).await?;
        if !rpc.streams {
            let message = gateway.call(caller, rpc, message).await?;
            return reply::whole(&gateway.catalog.notes, binding, &message);
        }
        let stream = gateway.stream(caller, rpc, message).await?;
        let messages = reply::Messages::new(stream, Arc::clone(rpc), deadline, gateway);
        reply::stream(gateway, binding, messages, &parts.headers).await
    }
}
