use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, Method, Uri, header, uri::PathAndQuery};
use service_runtime::{grpc::FieldViolation, telemetry::propagation};

use super::{
    credentials::Credentials,
    session::{Opening, Session},
    upgrade::Upgrade,
};
use crate::{
    auth::Auth,
    catalog::{Binding, Found, Rpc},
    error::Error,
    gateway::Gateway,
    http::problem,
    rates::Rates,
    tickets,
    web_origin::AllowedOrigins,
};

/// Admits clients to live streams.
#[derive(Clone)]
pub(in crate::http) struct Door {
    pub(in crate::http) gateway: Arc<Gateway>,
    pub(in crate::http) auth: Auth,
    pub(in crate::http) rates: Rates,
    pub(in crate::http) origins: AllowedOrigins,
}

/// A live stream that a request asks for.
struct Wanted {
    rpc: Arc<Rpc>,
    binding: Binding,
    path_values: Vec<String>,
}

impl Door {
    /// Returns the live stream that a request asks for, if it asks for one.
    fn wanted(&self, request: &Request) -> Option<Wanted> {
        if request.method() != Method::GET {
            return None;
        }
        let routes = &self.gateway.catalog.routes;
        match routes.find(request.method(), request.uri().path()) {
            Found::Route {
                rpc,
                binding,
                values,
            } if rpc.live.is_some() => Some(Wanted {
                rpc: Arc::clone(rpc),
                binding: binding.clone(),
                path_values: values,
            }),
            _ => None,
        }
    }

    /// Opens a WebSocket.
    async fn open_socket(
        &self,
        wanted: Wanted,
        request: Request,
        ticket: Option<String>,
    ) -> Result<Response, Response> {
        let (mut parts, _) = request.into_parts();
        // Unlike for other requests, a browser lets a page of any origin open a socket.
        let allowed = self.origins.check(&parts.headers);
        allowed.map_err(|error| problem(&error))?;
        let upgrade = Upgrade::read(&mut parts).map_err(|refusal| *refusal)?;
        let path = parts.uri.path();
        // A token that is in the headers as usual is refused as usual. A browser sees nothing of that answer, so what it offers is
        // looked at when there is a socket to tell it.
        let opening = match (ticket, Credentials::of(&parts.headers)) {
            (Some(ticket), Credentials::FirstMessage) => Opening::Ticket(ticket),
            (Some(_), _) => return Err(problem(&two_credentials())),
            (None, Credentials::Header) => {
                let verified = self.auth.bearer(&parts.headers).await;
                Opening::Verified(verified.map_err(|cause| self.auth.refusal(cause, path))?)
            }
            (None, Credentials::Protocol(token)) => Opening::Token(token),
            (None, Credentials::FirstMessage) => Opening::FirstMessage,
        };
        let session = Session {
            rpc: wanted.rpc,
            binding: wanted.binding,
            path: path.to_owned(),
            path_values: wanted.path_values,
            query: parts.uri.query().unwrap_or_default().to_owned(),
            trace: propagation::current(),
            door: self.clone(),
        };
        let (response, socket) = upgrade.accept();
        self.gateway.sockets.spawn(async move {
            if let Some(socket) = socket.await {
                session.run(socket, opening).await;
            }
        });
        Ok(response)
    }

    /// Puts the caller of a ticket into a request.
    async fn redeem(&self, request: &mut Request, ticket: &str) -> Result<(), Response> {
        let headers = request.headers();
        if headers.contains_key(header::AUTHORIZATION) {
            return Err(problem(&two_credentials()));
        }
        let path = request.uri().path();
        let resumes = resumes(headers);
        let redeemed = self.gateway.tickets.redeem(ticket, path, resumes).await;
        let verified = redeemed.map_err(|error| self.auth.refusal(error, path))?;
        request.extensions_mut().insert(verified);
        Ok(())
    }
}

/// Opens a WebSocket to a live stream, or passes a request for one on with the caller of its ticket. Passes every other request on as it is.
pub(in crate::http) async fn open_stream(
    State(door): State<Door>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(wanted) = door.wanted(&request) else {
        return next.run(request).await;
    };
    let ticket = take_ticket(request.uri_mut());
    if Upgrade::is_wanted(request.headers()) {
        let opened = door.open_socket(wanted, request, ticket).await;
        return opened.unwrap_or_else(|refusal| refusal);
    }
    if let Some(ticket) = ticket
        && let Err(refusal) = door.redeem(&mut request, &ticket).await
    {
        return refusal;
    }
    next.run(request).await
}

/// Takes the ticket out of a URL, where it is for the gateway alone.
fn take_ticket(uri: &mut Uri) -> Option<String> {
    let (ticket, rest) = tickets::take(uri.query().unwrap_or_default());
    if ticket.is_some() {
        let path_and_query = match rest.as_str() {
            "" => uri.path().to_owned(),
            rest => format!("{}?{rest}", uri.path()),
        };
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = PathAndQuery::try_from(path_and_query).ok();
        *uri = Uri::from_parts(parts).unwrap_or_default();
    }
    ticket
}

/// A browser that comes back to the same URL names the last event that it has seen. The service believes it only if it is of this
/// user, who alone has been told it.
fn resumes(headers: &HeaderMap) -> bool {
    let last = headers.get("last-event-id");
    last.is_some_and(|id| !id.is_empty())
}

fn two_credentials() -> Error {
    Error::InvalidFields(vec![FieldViolation::new(
        tickets::PARAMETER,
        "must not be given together with a token; use one of them",
    )])
}
