use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::serve::ListenerExt;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use taskmesh_proto::topics::Topic;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::{
    BoxError,
    clock::Clock,
    config::ServiceConfig,
    dead_letters,
    grpc::{self, ServiceIdentity, Verifier},
    idempotency,
    ids::Ids,
    kafka::{ConsumerLoop, EventHandler, KafkaConfig, Tail, TopicHistory, TopicReader},
    listener::listen,
    outbox::{Pace, Relay},
    postgres::{AsyncPgConnection, Database, DatabaseError},
    running::Running,
    start_error::StartError,
};

/// Time between two deletions of old rows.
const DELETION_INTERVAL: Duration = Duration::from_secs(3600);

/// Deletes rows from before a time, up to a limit.
pub type DeleteOlder = for<'a> fn(
    &'a mut AsyncPgConnection,
    DateTime<Utc>,
) -> BoxFuture<'a, Result<(), DatabaseError>>;

/// Resources that the runtime provides to a service while it starts.
pub struct Context<C> {
    pub(crate) config: Arc<C>,
    pub(crate) database: Option<Database>,
    pub(crate) clock: Clock,
    pub(crate) auth: Option<(Verifier, ServiceIdentity)>,
    pub(crate) running: Running,
}

impl<C: ServiceConfig> Context<C> {
    /// Returns the configuration.
    pub fn config(&self) -> &C {
        &self.config
    }

    /// Returns the service's schema in the database.
    pub fn database(&self) -> Database {
        self.database
            .clone()
            .expect("a service that asks for its database names a schema")
    }

    /// Returns the clock.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// Returns the generator of ids.
    pub fn ids(&self) -> Ids {
        Ids
    }

    /// Returns the verifier of callers' tokens.
    pub fn verifier(&self) -> Verifier {
        self.auth().0.clone()
    }

    /// Returns the identity for calls to other services.
    pub fn identity(&self) -> ServiceIdentity {
        self.auth().1.clone()
    }

    /// Starts the relay of the service's outbox to the broker.
    pub fn relay_outbox(&self) {
        let relay = Relay::new(
            self.database(),
            self.kafka().clone(),
            self.running.name,
            Pace::default(),
        );
        let lifecycle = &self.running.lifecycle;
        lifecycle.spawn("relay", relay.run(self.stopping()));
    }

    /// Starts deleting idempotency keys that have expired.
    pub fn forget_old_answers(&self) {
        self.delete_old_rows("forget_old_answers", idempotency::KEEP, |tx, before| {
            Box::pin(async move { idempotency::delete_older(tx, before).await.map(drop) })
        });
    }

    /// Starts deleting, every hour, the rows that are older than they are kept.
    pub fn delete_old_rows(&self, name: &'static str, keep: TimeDelta, delete: DeleteOlder) {
        let (database, clock) = (self.database(), self.clock());
        self.spawn(name, |stopping| async move {
            while stopping
                .run_until_cancelled(sleep(DELETION_INTERVAL))
                .await
                .is_some()
            {
                let before = clock.now() - keep;
                let deleted = database
                    .transaction(name, async |tx: &mut AsyncPgConnection| {
                        delete(tx, before).await
                    })
                    .await;
                if let Err(error) = deleted {
                    warn!(%error, "{name} failed, retrying in an hour");
                }
            }
            Ok(())
        });
    }

    /// Starts consuming a topic in the consumer group that has the service's name.
    pub fn consume<H: EventHandler>(&self, topic: &'static Topic, handler: H) {
        let consumer = ConsumerLoop::new(
            self.kafka().clone(),
            topic,
            self.running.name,
            handler,
            self.database(),
            self.stopping(),
        );
        self.running.lifecycle.spawn("consumer", consumer.run());
    }

    /// Starts reading all partitions of a topic without a group: the last `most_records` records of each, then new ones.
    pub fn read_all<R: TopicReader>(
        &self,
        topic: &'static Topic,
        most_records: i64,
        reader: Arc<R>,
    ) {
        let tail = Tail::new(
            self.kafka().clone(),
            topic,
            self.running.name,
            reader,
            most_records,
            self.stopping(),
        );
        self.running.lifecycle.spawn("reader", tail.run());
    }

    /// Returns the reader of a topic's history.
    pub fn history_of(&self, topic: &'static Topic) -> TopicHistory {
        TopicHistory::new(self.kafka().clone(), topic, self.running.name)
    }

    /// Returns the token that is cancelled when a graceful shutdown begins, for streams without an end.
    pub fn stopping(&self) -> CancellationToken {
        self.running.lifecycle.soft_shutdown()
    }

    /// Starts a task of the service; it must run until the token is cancelled and end soon after.
    pub fn spawn<F, Fut>(&self, name: &'static str, task: F)
    where
        F: FnOnce(CancellationToken) -> Fut,
        Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.running.lifecycle.spawn(name, task(self.stopping()));
    }

    /// Serves gRPC with all layers, health, reflection and the administration of the service's dead letters.
    pub async fn serve_grpc(
        mut self,
        mut routes: tonic::service::Routes,
    ) -> Result<Running, StartError> {
        let config = self
            .config
            .grpc()
            .expect("a service that answers gRPC configures its server")
            .clone();
        if let Some(kafka) = self.config.kafka()
            && let Some(server) = dead_letters::server(kafka, self.running.name)
        {
            routes = routes.add_service(server);
        }
        let (listener, address) = listen(config.address).await?;
        info!(server.address = %address, "serving gRPC on {address}");
        let shutdown = self.running.lifecycle.shutdown();
        let server = grpc::serve(listener, config, routes, self.verifier(), shutdown).await?;
        self.running.lifecycle.spawn("grpc", server);
        self.running.grpc_address = Some(address);
        Ok(self.running)
    }

    /// Serves HTTP.
    pub async fn serve_http(mut self, router: axum::Router) -> Result<Running, StartError> {
        let config = self
            .config
            .http()
            .expect("a service that answers HTTP configures its server");
        let (listener, address) = listen(config.address).await?;
        info!(server.address = %address, "serving HTTP on {address}");
        // Small messages of live streams are sent at once.
        let listener = listener.tap_io(|connection| {
            if let Err(cause) = connection.set_nodelay(true) {
                debug!("TCP_NODELAY failed, small messages may be delayed: {cause}");
            }
        });
        let router = router.into_make_service_with_connect_info::<SocketAddr>();
        let server = axum::serve(listener, router)
            .with_graceful_shutdown(self.stopping().cancelled_owned())
            .into_future();
        self.running.lifecycle.spawn("http", server);
        self.running.http_address = Some(address);
        Ok(self.running)
    }

    /// Returns the running service, for one without a server.
    pub fn without_server(self) -> Running {
        self.running
    }

    fn auth(&self) -> &(Verifier, ServiceIdentity) {
        self.auth
            .as_ref()
            .expect("a service that deals with tokens configures them")
    }

    fn kafka(&self) -> &KafkaConfig {
        self.config
            .kafka()
            .expect("a service that produces or consumes configures its broker")
    }
}
