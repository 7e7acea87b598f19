use std::sync::Arc;

use axum::{
    extract::{
        FromRequestParts, Request, State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, Method, header};
use service_runtime::telemetry::propagation;

use super::{
    credentials::{Credentials, PROTOCOL},
    session::{Opening, Session},
};
use crate::{
    auth::Auth,
    catalog::{Binding, Found, Rpc},
    error::Error,
    gateway::Gateway,
    http::problem,
    rates::Rates,
};

/// What a client may say at once: a token and a filter.
const MOST_BYTES: usize = 64 * 1024;
/// Clients say little, and each has a buffer for as long as it is connected.
const READ_BUFFER_BYTES: usize = 512;

/// What opens sockets.
#[derive(Clone)]
pub(in crate::http) struct Door {
    pub(super) gateway: Arc<Gateway>,
    pub(super) auth: Auth,
    pub(super) rates: Rates,
}

impl Door {
    /// Opens sockets to the live streams of this gateway.
    pub(in crate::http) fn new(gateway: Arc<Gateway>, auth: Auth, rates: Rates) -> Self {
        Self {
            gateway,
            auth,
            rates,
        }
    }

    /// Returns the live stream that a request wants a socket to, if it wants one.
    fn wanted(&self, request: &Request) -> Option<(Arc<Rpc>, Binding, Vec<String>)> {
        if request.method() != Method::GET || !asks_for_socket(request.headers()) {
            return None;
        }
        let routes = &self.gateway.catalog.routes;
        match routes.find(request.method(), request.uri().path()) {
            Found::Route {
                rpc,
                binding,
                values,
            } if rpc.live.is_some() => Some((Arc::clone(rpc), binding.clone(), values)),
            _ => None,
        }
    }
}

/// Opens a socket to whoever asks for one on the route of a live stream; everything else passes.
pub(in crate::http) async fn open_socket(
    State(door): State<Door>,
    request: Request,
    next: Next,
) -> Response {
    let Some((rpc, binding, path_values)) = door.wanted(&request) else {
        return next.run(request).await;
    };
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return problem(&refused(&rejection)),
    };
    // A token that is in the headers as usual is refused as usual. A browser sees nothing of that answer, so what it offers is
    // looked at when there is a socket to tell it.
    let opening = match Credentials::of(&parts.headers) {
        Credentials::Header => match door.auth.bearer(&parts.headers).await {
            Ok(verified) => Opening::Verified(verified),
            Err(cause) => return door.auth.refusal(cause, parts.uri.path()),
        },
        Credentials::Protocol(token) => Opening::Token(token),
        Credentials::FirstMessage => Opening::FirstMessage,
    };
    let session = Session {
        rpc,
        binding,
        path_values,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        trace: propagation::current(),
        door: door.clone(),
    };
    let open = door.gateway.sockets.token();
    upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BUFFER_BYTES)
        // Every message is sent at once.
        .write_buffer_size(0)
        .max_message_size(MOST_BYTES)
        .max_frame_size(MOST_BYTES)
        .on_upgrade(async move |socket| {
            session.run(socket, opening).await;
            drop(open);
        })
}

fn asks_for_socket(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE);
    upgrade.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

fn refused(rejection: &WebSocketUpgradeRejection) -> Error {
    Error::Transport {
        http: rejection.status().as_u16(),
        message: format!("no WebSocket can be opened: {}", rejection.body_text()),
    }
}
