//! Servers of this process, which its clients call without a connection. The layers are the same, so authentication, deadlines, limits
//! and metrics are too.

use std::{
    collections::HashMap,
    fmt,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{LazyLock, OnceLock, PoisonError, RwLock},
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use http::{Request, Response};
use tonic::{
    body::Body,
    transport::{self, server::TcpConnectInfo},
};
use tower::Service;
use url::{Host, Url};

use super::layers::Layered;

static ENABLED: OnceLock<()> = OnceLock::new();
static SERVERS: LazyLock<RwLock<HashMap<SocketAddr, Layered>>> = LazyLock::new(RwLock::default);

/// Lets clients of this process call the servers of this process without a connection, for a process that runs several services.
pub fn call_without_connections() {
    ENABLED.get_or_init(Default::default);
}

/// Entry of a server; dropping it ends new calls.
pub(super) struct Registration(SocketAddr);

/// Enters a server that accepts connections at an address.
pub(super) fn register(mut address: SocketAddr, server: Layered) -> Registration {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    if ENABLED.get().is_some() {
        let mut servers = SERVERS.write().unwrap_or_else(PoisonError::into_inner);
        servers.insert(address, server);
    }
    Registration(address)
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut servers = SERVERS.write().unwrap_or_else(PoisonError::into_inner);
        servers.remove(&self.0);
    }
}

/// Channel to a service: without a connection if the service is in this process, otherwise over HTTP/2.
#[derive(Clone)]
pub struct Channel {
    address: Option<SocketAddr>,
    remote: transport::Channel,
    /// Server that is ready for the next call.
    local: Option<Layered>,
}

impl Channel {
    pub(super) fn new(url: &Url, remote: transport::Channel) -> Self {
        let port = url.port_or_known_default();
        let address = match (url.host(), port) {
            (Some(Host::Ipv4(ip)), Some(port)) => Some(SocketAddr::new(ip.into(), port)),
            (Some(Host::Ipv6(ip)), Some(port)) => Some(SocketAddr::new(ip.into(), port)),
            _ => None,
        };
        Self {
            address: address.filter(|_| ENABLED.get().is_some()),
            remote,
            local: None,
        }
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Channel")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Body>;
    type Error = transport::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.local = self.address.and_then(|address| {
            let servers = SERVERS.read().unwrap_or_else(PoisonError::into_inner);
            servers.get(&address).cloned()
        });
        match self.local {
            Some(_) => Poll::Ready(Ok(())),
            None => self.remote.poll_ready(context),
        }
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let Some(mut server) = self.local.take() else {
            return Box::pin(self.remote.call(request));
        };
        request.extensions_mut().insert(TcpConnectInfo {
            local_addr: self.address,
            remote_addr: self.address,
        });
        let answer = server.call(request);
        Box::pin(async move {
            let Ok(response) = answer.await;
            Ok(response.map(Body::new))
        })
    }
}
