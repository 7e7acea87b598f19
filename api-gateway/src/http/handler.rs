use std::sync::Arc;

use axum::{
    extract::{Extension, Request, State},
    response::Response,
};
use service_runtime::grpc::{Caller, ErrorCode, Verified, deadline};
use tokio::time::Instant;

use super::{deadline::requested_deadline, live, problem, reply, request::read_message};
use crate::{
    catalog::{Found, RouteMatch},
    error::Error,
    gateway::Gateway,
};

/// Answers requests by the catalog's routes, and those that have none.
pub(super) async fn handle(
    State(gateway): State<Arc<Gateway>>,
    Extension(verified): Extension<Verified>,
    request: Request,
) -> Response {
    answer(&gateway, &verified, request)
        .await
        .unwrap_or_else(problem)
}

async fn answer(
    gateway: &Arc<Gateway>,
    verified: &Verified,
    request: Request,
) -> Result<Response, Error> {
    let path = request.uri().path();
    match gateway.catalog.routes.find(request.method(), path) {
        Found::Route(route) => {
            let asked = requested_deadline(request.headers())?;
            let time = match (&route.rpc.live, route.rpc.streams) {
                (Some(_), _) => gateway.requests.live_deadline(asked, verified.time_left()),
                (None, true) => gateway.requests.stream_deadline(asked),
                (None, false) => gateway.requests.deadline(asked),
            };
            let deadline = Instant::now() + time;
            let call = call(gateway, &verified.caller, route, deadline, request);
            deadline::with_deadline(deadline, call).await
        }
        Found::OtherMethods(_) | Found::Nothing { .. }
            if live::is_ticket_route(&gateway.catalog.routes, path) =>
        {
            let (parts, body) = request.into_parts();
            live::issue_ticket(gateway, verified, &parts, body).await
        }
        Found::OtherMethods(allowed) => Err(Error::method_not_allowed(request.method(), allowed)),
        Found::Nothing { nearest } => {
            let hint = nearest.map(|nearest| format!("; did you mean {nearest}?"));
            let message = format!("no such path: {path}{}", hint.unwrap_or_default());
            let code = ErrorCode::NotFound;
            Err(Error::refused(code, "ROUTE_NOT_FOUND", message))
        }
    }
}

async fn call(
    gateway: &Arc<Gateway>,
    caller: &Caller,
    route: RouteMatch,
    deadline: Instant,
    request: Request,
) -> Result<Response, Error> {
    let (parts, body) = request.into_parts();
    let message = read_message(gateway, caller, &route, &parts, body).await?;
    if !route.rpc.streams {
        let message = gateway.upstreams.call(caller, &route.rpc, message).await?;
        return reply::unary(&gateway.catalog.plans, &route, message);
    }
    let stream = gateway
        .upstreams
        .stream(caller, &route.rpc, message)
        .await?;
    let messages = reply::Messages::new(stream, route, deadline, Arc::clone(gateway));
    reply::stream(messages, &parts.headers).await
}
