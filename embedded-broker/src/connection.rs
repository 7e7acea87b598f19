//! Connections: frames of the Kafka protocol in, responses out, one request of a connection at a time.

use std::{io, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use chrono::Utc;
use kafka_protocol::{
    messages::{ApiKey, RequestHeader, RequestKind, ResponseHeader, ResponseKind},
    protocol::{Decodable, Encodable},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{interval, sleep},
};
use tracing::{debug, warn};

use crate::{api, node::Node};

/// Maximum size of a request in bytes, the default of Kafka's `socket.request.max.bytes`.
const MAX_REQUEST: usize = 100 << 20;
/// Interval at which records past their retention are deleted.
const RETENTION_INTERVAL: Duration = Duration::from_secs(600);
/// Interval at which expired group members are removed.
const GROUP_INTERVAL: Duration = Duration::from_millis(250);
/// Pause after a failed accept, which mostly means that the process has too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const MAX_ACCEPT_FAILURES: u32 = 100;

/// Serves until no connection can be accepted. Dropping the future closes all connections.
pub async fn serve(node: Arc<Node>, listener: TcpListener) -> io::Error {
    let mut connections = JoinSet::new();
    let mut retention = interval(RETENTION_INTERVAL);
    let mut groups = interval(GROUP_INTERVAL);
    let mut failures = 0;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    failures = 0;
                    connections.spawn(serve_one(Arc::clone(&node), stream));
                }
                Err(error) if failures == MAX_ACCEPT_FAILURES => return error,
                Err(error) => {
                    failures += 1;
                    warn!(%error, "broker cannot accept a connection, retrying");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
            _ = groups.tick() => api::groups::expire_members(&node),
            _ = retention.tick() => node.topics().expire(now_ms()),
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended {
                    warn!(%error, "broker connection panicked");
                }
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the broker stands in for Kafka, which reads the system's clock"
)]
fn now_ms() -> i64 {
    Utc::now().timestamp_millis()
}

async fn serve_one(node: Arc<Node>, mut stream: TcpStream) {
    // A client that closes its connection ends up here too.
    if let Err(error) = serve_requests(&node, &mut stream).await {
        debug!(error = %format!("{error:#}"), "broker connection closed");
    }
}

async fn serve_requests(node: &Node, stream: &mut TcpStream) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let size = usize::try_from(stream.read_i32().await?)?;
        if size > MAX_REQUEST {
            bail!("a request of {size} bytes exceeds the maximum of {MAX_REQUEST}");
        }
        let mut request = BytesMut::with_capacity(size.min(64 << 10));
        while request.len() < size {
            let mut rest = (&mut *stream).take((size - request.len()) as u64);
            if rest.read_buf(&mut request).await? == 0 {
                bail!("the connection ended within a request");
            }
        }
        if let Some(response) = respond(node, request.freeze()).await? {
            stream.write_all(&response).await?;
        }
    }
}

/// Returns the response frame; none for a request that expects no response.
async fn respond(node: &Node, mut request: Bytes) -> anyhow::Result<Option<Bytes>> {
    if request.len() < 8 {
        bail!("the request has no header");
    }
    let (key, version) = ((&request[..]).get_i16(), (&request[2..]).get_i16());
    let correlation_id = (&request[4..]).get_i32();
    let Ok(key) = ApiKey::try_from(key) else {
        bail!("unknown API key {key}");
    };
    if !api::supports(key, version) {
        if key == ApiKey::ApiVersions {
            // A client that is newer than the broker tries again with version 0 and the versions of this response.
            return frame(correlation_id, &api::unsupported_api_versions(), 0).map(Some);
        }
        bail!("version {version} of {key:?} is not supported");
    }
    let header = RequestHeader::decode(&mut request, key.request_header_version(version))
        .context("the request header cannot be decoded")?;
    let request = RequestKind::decode(key, &mut request, version)
        .with_context(|| format!("the {key:?} request cannot be decoded"))?;
    let client = header.client_id.as_deref().unwrap_or("consumer");
    let Some(response) = api::handle(node, client, request, version).await? else {
        return Ok(None);
    };
    frame(correlation_id, &response, version).map(Some)
}

fn frame(correlation_id: i32, response: &ResponseKind, version: i16) -> anyhow::Result<Bytes> {
    let mut bytes = BytesMut::new();
    bytes.put_i32(0);
    let header = ResponseHeader::default().with_correlation_id(correlation_id);
    header.encode(&mut bytes, response.header_version(version))?;
    response.encode(&mut bytes, version)?;
    let size = i32::try_from(bytes.len() - 4)?;
    bytes[..4].copy_from_slice(&size.to_be_bytes());
    Ok(bytes.freeze())
}
