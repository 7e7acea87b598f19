//! The broker's connections, and the three answers in which it differs from `tansu` as it comes.

use std::{
    io,
    time::{Duration, SystemTime},
};

use rama::{Context, Layer, Service};
use tansu_broker::{
    Error,
    coordinator::group::Coordinator,
    service::{coordinator, storage},
};
use tansu_sans_io::{ApiVersionsResponse, Body, FetchRequest, FetchResponse, Frame, Header};
use tansu_service::{
    BytesFrameLayer, FrameRouteService, TcpBytesLayer, TcpContext, TcpContextLayer,
};
use tansu_storage::{Storage, StorageContainer};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{Instant, interval, sleep},
};
use tracing::{debug, warn};

use super::{
    broker_deletion::Deletion,
    broker_fetch::{self, Change, Tails},
};

/// How often records past their retention are removed.
const MAINTENANCE: Duration = Duration::from_secs(600);
/// The pause after a connection could not be accepted, which mostly means that the process has too many open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const ACCEPT_TRIES: u32 = 100;
/// How long a fetch that records woke waits for more of them: under load, answering for each record costs more than the records.
const LINGER: Duration = Duration::from_millis(5);

/// Answers requests of every kind that the broker knows.
#[derive(Clone)]
pub struct Routes {
    routes: FrameRouteService<(), Error>,
    tails: Tails,
    deletion: Deletion,
}

impl Routes {
    /// Puts the answers together from the storage and the consumer groups.
    pub fn new(
        records: StorageContainer,
        groups: impl Coordinator,
        deletion: Deletion,
    ) -> Result<Self, Error> {
        let routes = storage::services(FrameRouteService::<(), Error>::builder(), records)?;
        Ok(Self {
            routes: coordinator::services(routes, groups)?.build()?,
            tails: Tails::default(),
            deletion,
        })
    }

    /// Answers a fetch when there are records, or when it has waited as long as it may.
    async fn fetch(
        &self,
        context: Context<()>,
        header: Header,
        fetch: FetchRequest,
    ) -> Result<Frame, Error> {
        let wait = u64::try_from(fetch.max_wait_ms).unwrap_or_default();
        let end = Instant::now() + Duration::from_millis(wait);
        loop {
            // Before the storage is asked, so that nothing is missed in between.
            let mut news = self.tails.watch(&fetch);
            let response = self.read(&context, &header, &fetch).await?;
            let is_due = match &response.body {
                Body::FetchResponse(response) => broker_fetch::is_due(response),
                _ => true,
            };
            if is_due || !news.until(end).await {
                return Ok(response);
            }
            // More often than one by one, records come in a row.
            sleep(LINGER).await;
        }
    }

    /// Answers a fetch with what there is.
    async fn read(
        &self,
        context: &Context<()>,
        header: &Header,
        fetch: &FetchRequest,
    ) -> Result<Frame, Error> {
        let plan = self.tails.plan(fetch);
        let mut frame = if plan.is_known() {
            known(header)
        } else {
            let request = Frame {
                size: 0,
                header: header.clone(),
                body: plan.asked.clone().into(),
            };
            self.routes.serve(context.clone(), request).await?
        };
        if let Body::FetchResponse(response) = &mut frame.body {
            self.tails.learn(&plan, response);
            response
                .responses
                .get_or_insert_default()
                .extend(plan.known);
        }
        Ok(frame)
    }
}

/// Returns the answer to a request of this header.
fn answer(header: &Header, body: Body) -> Frame {
    let correlation_id = match header {
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

/// Returns the answer to a fetch of which every partition is known.
fn known(header: &Header) -> Frame {
    let body = FetchResponse::default()
        .throttle_time_ms(Some(0))
        .error_code(Some(0))
        .session_id(Some(0))
        .node_endpoints(Some(Vec::new()))
        .responses(Some(Vec::new()));
    answer(header, body.into())
}

impl Service<(), Frame> for Routes {
    type Response = Frame;
    type Error = Error;

    async fn serve(&self, context: Context<()>, request: Frame) -> Result<Frame, Error> {
        let Frame { size, header, body } = request;
        let body = match body {
            Body::FetchRequest(fetch) => return self.fetch(context, header, fetch).await,
            body => body,
        };
        let change = Change::of(&body);
        let response = match body {
            Body::DeleteRecordsRequest(request) => {
                let response = self.deletion.answer(&request).await;
                Ok(answer(&header, response.into()))
            }
            body => {
                let request = Frame { size, header, body };
                self.routes.serve(context, request).await
            }
        };
        self.tails.note(change);
        let mut response = response?;
        if let Body::ApiVersionsResponse(versions) = response.body {
            response.body = without_features(versions).into();
        }
        Ok(response)
    }
}

/// Leaves out the optional fields: librdkafka before 2.3, which Debian's `kcat` is built with, stumbles over them. They say
/// nothing but that there are no features.
fn without_features(versions: ApiVersionsResponse) -> ApiVersionsResponse {
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
                _ = maintenance.tick() => {
                    let storage = self.storage.clone();
                    work.spawn(async move {
                        if let Err(error) = storage.maintain(SystemTime::now()).await {
                            warn!(%error, "the broker could not remove old records");
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
    use super::*;

    #[test]
    fn the_list_of_versions_carries_no_optional_fields() {
        let versions = ApiVersionsResponse::default()
            .api_keys(Some(Vec::new()))
            .throttle_time_ms(Some(0))
            .supported_features(Some(Vec::new()))
            .finalized_features_epoch(Some(-1))
            .finalized_features(Some(Vec::new()))
            .zk_migration_ready(Some(false));
        let body = without_features(versions).into();
        let header = tansu_sans_io::Header::Response { correlation_id: 1 };
        let bytes = Frame::response(header, body, 18, 3).unwrap();
        // Length, correlation id, error code, empty list of versions, throttle time, and no optional field.
        assert_eq!(bytes[4..], [0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0]);
    }
}
