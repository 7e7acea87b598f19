use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, Method, Uri, header};
use service_runtime::telemetry::propagation::{self, TraceContext};

use super::{
    credentials::{Credentials, two_credentials},
    session::Session,
    upgrade::Upgrade,
};
use crate::{
    catalog::{Found, RouteMatch},
    gateway::Gateway,
    http::{layers::with_path_and_query, problem},
    tickets,
};

/// Opens a WebSocket to a live stream, or passes a request for one on with the caller of its ticket. Passes other requests on
/// unchanged.
pub(in crate::http) async fn open_stream(
    State(gateway): State<Arc<Gateway>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(route) = live_route(&gateway, &request) else {
        return next.run(request).await;
    };
    let ticket = take_ticket(request.uri_mut());
    if Upgrade::is_wanted(request.headers()) {
        let opened = open_socket(gateway, route, request, ticket).await;
        return opened.unwrap_or_else(|refusal| *refusal);
    }
    if let Some(ticket) = ticket
        && let Err(refusal) = redeem(&gateway, &mut request, &ticket).await
    {
        return *refusal;
    }
    next.run(request).await
}

/// Returns the route of the live stream that a request asks for, if it asks for one.
fn live_route(gateway: &Gateway, request: &Request) -> Option<RouteMatch> {
    if request.method() != Method::GET {
        return None;
    }
    let routes = &gateway.catalog.routes;
    match routes.find(request.method(), request.uri().path()) {
        Found::Route(route) if route.rpc.live.is_some() => Some(route),
        _ => None,
    }
}

async fn open_socket(
    gateway: Arc<Gateway>,
    route: RouteMatch,
    request: Request,
    ticket: Option<String>,
) -> Result<Response, Box<Response>> {
    let (mut parts, _) = request.into_parts();
    // Unlike for other requests, a browser lets a page of any origin open a socket.
    let allowed = gateway.origins.check(&parts.headers);
    allowed.map_err(problem)?;
    let upgrade = Upgrade::read(&mut parts)?;
    let credentials = Credentials::of(&gateway.auth, &parts, ticket).await?;
    let sockets = gateway.streams.sockets.clone();
    let session = Session {
        gateway,
        route,
        uri: parts.uri,
        trace: propagation::current().unwrap_or_else(TraceContext::root),
    };
    let (response, socket) = upgrade.accept();
    sockets.spawn(async move {
        if let Some(socket) = socket.await {
            session.run(socket, credentials).await;
        }
    });
    Ok(response)
}

/// Puts the caller of a ticket into a request.
async fn redeem(
    gateway: &Gateway,
    request: &mut Request,
    ticket: &str,
) -> Result<(), Box<Response>> {
    let headers = request.headers();
    if headers.contains_key(header::AUTHORIZATION) {
        return Err(problem(two_credentials()).into());
    }
    let path = request.uri().path();
    let redeemed = gateway.tickets.redeem(ticket, path, resumes(headers)).await;
    let verified = redeemed.map_err(|error| gateway.auth.refusal(error, path))?;
    request.extensions_mut().insert(verified);
    Ok(())
}

/// Takes the ticket out of a URL, where only the gateway uses it.
fn take_ticket(uri: &mut Uri) -> Option<String> {
    let (ticket, rest) = tickets::take(uri.query().unwrap_or_default());
    if ticket.is_some() {
        let path_and_query = match rest.as_str() {
            "" => uri.path().to_owned(),
            rest => format!("{}?{rest}", uri.path()),
        };
        *uri = with_path_and_query(uri, path_and_query).unwrap_or_default();
    }
    ticket
}

/// Reports whether an `EventSource` reconnects, which sends the id of the last event. The service accepts it only from the user
/// to whom it was sent.
fn resumes(headers: &HeaderMap) -> bool {
    let last = headers.get("last-event-id");
    last.is_some_and(|id| !id.is_empty())
}
