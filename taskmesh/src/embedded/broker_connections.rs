//! The broker's connections, and which requests it answers from its own log instead of `tansu`'s.

use std::{
    collections::BTreeSet,
    io,
    time::{Duration, SystemTime},
};

use rama::{Context, Layer, Service};
use tansu_broker::{
    Error,
    coordinator::group::administrator::Controller,
    service::{coordinator, storage},
};
use tansu_sans_io::{
    ApiKey as _, ApiVersionsResponse, Body, ConsumerGroupDescribeRequest, Frame, Header,
};
use tansu_service::{
    BytesFrameLayer, FrameRouteService, TcpBytesLayer, TcpContext, TcpContextLayer,
};
use tansu_storage::{Storage, StorageContainer};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{interval, sleep},
};
use tracing::{debug, warn};

use super::{
    broker_groups::{Groups, LOOK_EVERY},
    broker_records::Records,
};

/// How often records past their retention are removed.
const MAINTENANCE: Duration = Duration::from_secs(600);
/// The pause after a connection could not be accepted, which mostly means that the process has too many open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const ACCEPT_TRIES: u32 = 100;

/// Answers requests of every kind that the broker knows.
#[derive(Clone)]
pub struct Routes {
    routes: FrameRouteService<(), Error>,
    records: Records,
    groups: Groups,
    storage: StorageContainer,
}

impl Routes {
    /// Puts the answers together from the storage and the records.
    pub fn new(storage: StorageContainer, records: Records) -> Result<Self, Error> {
        let offsets = Controller::with_storage(storage.clone())?;
        let routes = storage::services(FrameRouteService::<(), Error>::builder(), storage.clone())?;
        Ok(Self {
            // Has a route for all that is answered here, too: the list of versions that clients ask for is made of the routes.
            routes: coordinator::services(routes, offsets)?.build()?,
            records,
            groups: Groups::default(),
            storage,
        })
    }

    /// Returns the groups that have committed offsets.
    async fn groups_with_offsets(&self) -> Result<BTreeSet<String>, Error> {
        let groups = self.storage.list_groups(None).await?;
        Ok(groups.into_iter().map(|group| group.group_id).collect())
    }

    /// Has `tansu` answer what has nothing to do with records and groups.
    async fn other(&self, context: Context<()>, request: Frame) -> Result<Frame, Error> {
        let deleted = match &request.body {
            Body::CreateTopicsRequest(_) | Body::CreatePartitionsRequest(_) => Some(Vec::new()),
            Body::DeleteTopicsRequest(request) => Some(self.records.names_of(request).await),
            _ => None,
        };
        let mut response = self.routes.serve(context, request).await?;
        if let Some(deleted) = deleted {
            self.records.topics_changed(&deleted).await;
        }
        if let Body::ApiVersionsResponse(versions) = response.body {
            response.body = of_this_broker(versions).into();
        }
        Ok(response)
    }
}

impl Service<(), Frame> for Routes {
    type Response = Frame;
    type Error = Error;

    async fn serve(&self, context: Context<()>, request: Frame) -> Result<Frame, Error> {
        let Frame { size, header, body } = request;
        let body = match body {
            Body::ProduceRequest(request) => self.records.produce(request).await.into(),
            Body::FetchRequest(request) => self.records.fetch(&request).await.into(),
            Body::ListOffsetsRequest(request) => self.records.list_offsets(request).await.into(),
            Body::DeleteRecordsRequest(request) => self.records.delete(request).await.into(),
            Body::JoinGroupRequest(request) => {
                let client = match &header {
                    Header::Request { client_id, .. } => client_id.as_deref(),
                    Header::Response { .. } => None,
                };
                self.groups.join(request, client).await.into()
            }
            Body::SyncGroupRequest(request) => self.groups.sync(request).await.into(),
            Body::HeartbeatRequest(request) => self.groups.heartbeat(&request).into(),
            Body::LeaveGroupRequest(request) => self.groups.leave(request).into(),
            Body::DescribeGroupsRequest(request) => {
                let with_offsets = self.groups_with_offsets().await?;
                self.groups.describe(request, &with_offsets).into()
            }
            Body::ListGroupsRequest(request) => {
                let with_offsets = self.groups_with_offsets().await?;
                self.groups.list(request, with_offsets).into()
            }
            Body::OffsetCommitRequest(request) => match self.groups.refusal(&request) {
                Some(refusal) => refusal.into(),
                None => {
                    let body = request.into();
                    return self.other(context, Frame { size, header, body }).await;
                }
            },
            body => return self.other(context, Frame { size, header, body }).await,
        };
        Ok(answer(&header, body))
    }
}

/// Returns the answer to a request with this header.
fn answer(request: &Header, body: Body) -> Frame {
    let correlation_id = match request {
        Header::Request { correlation_id, .. } | Header::Response { correlation_id } => {
            *correlation_id
        }
    };
    Frame {
        size: 0,
        header: Header::Response { correlation_id },
        body,
    }
}

/// Leaves out the optional fields: librdkafka before 2.3, which Debian's `kcat` is built with, stumbles over them. They say
/// nothing but that there are no features. Leaves out requests about groups of the protocol that came with KIP-848, too, so that
/// Kafka's tools ask about the groups that there are.
fn of_this_broker(mut versions: ApiVersionsResponse) -> ApiVersionsResponse {
    if let Some(keys) = &mut versions.api_keys {
        keys.retain(|version| version.api_key != ConsumerGroupDescribeRequest::KEY);
    }
    versions
        .supported_features(None)
        .finalized_features(None)
        .finalized_features_epoch(None)
        .zk_migration_ready(None)
}

/// Accepts and serves connections.
pub struct Connections {
    cluster: &'static str,
    routes: Routes,
    storage: StorageContainer,
}

impl Connections {
    /// Prepares to serve the routes.
    pub fn new(cluster: &'static str, routes: Routes, storage: StorageContainer) -> Self {
        Self {
            cluster,
            routes,
            storage,
        }
    }

    /// Serves until no connection can be accepted any more. Dropping the future cuts all connections.
    pub async fn serve(self, listener: TcpListener) -> io::Error {
        let mut work = JoinSet::new();
        let mut maintenance = interval(MAINTENANCE);
        let mut look = interval(LOOK_EVERY);
        let mut refusals = 0;
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        refusals = 0;
                        work.spawn(serve_one(self.cluster, self.routes.clone(), stream));
                    }
                    Err(error) if refusals == ACCEPT_TRIES => return error,
                    Err(error) => {
                        refusals += 1;
                        warn!(%error, "cannot accept a connection to the broker");
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
                _ = look.tick() => self.routes.groups.pass_time(),
                _ = maintenance.tick() => {
                    let (storage, records) = (self.storage.clone(), self.routes.records.clone());
                    work.spawn(async move {
                        records.expire().await;
                        if let Err(error) = storage.maintain(SystemTime::now()).await {
                            warn!(%error, "the broker could not tidy up");
                        }
                    });
                }
                Some(ended) = work.join_next() => {
                    if let Err(error) = ended {
                        warn!(%error, "a connection to the broker ended in a panic");
                    }
                }
            }
        }
    }
}

async fn serve_one(cluster: &str, routes: Routes, stream: TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "a connection keeps waiting for full packets");
    }
    let service = (
        TcpContextLayer::new(TcpContext::default().cluster_id(Some(cluster.to_owned()))),
        TcpBytesLayer::default(),
        BytesFrameLayer::default(),
    )
        .into_layer(routes);
    // A client that closes its connection ends up here too.
    if let Err(error) = service.serve(Context::default(), stream).await {
        debug!(%error, "a connection to the broker ended");
    }
}

#[cfg(test)]
mod tests {
    use tansu_sans_io::api_versions_response::ApiVersion;

    use super::*;

    #[test]
    fn the_list_of_versions_carries_no_optional_fields_and_no_requests_that_nobody_answers() {
        let versions = ApiVersionsResponse::default()
            .api_keys(Some(vec![
                ApiVersion::default().api_key(ConsumerGroupDescribeRequest::KEY),
            ]))
            .throttle_time_ms(Some(0))
            .supported_features(Some(Vec::new()))
            .finalized_features_epoch(Some(-1))
            .finalized_features(Some(Vec::new()))
            .zk_migration_ready(Some(false));
        let body = of_this_broker(versions).into();
        let header = tansu_sans_io::Header::Response { correlation_id: 1 };
        let bytes = Frame::response(header, body, 18, 3).unwrap();
        // Length, correlation id, error code, empty list of versions, throttle time, and no optional field.
        assert_eq!(bytes[4..], [0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0]);
    }
}
