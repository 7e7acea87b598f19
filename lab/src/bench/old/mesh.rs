use std::{path::Path, time::Duration};

use clap::Args;
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer, StreamConsumer},
};
use service_runtime::{BoxError, grpc, ids::UserId};
use taskmesh_proto::{task::v1::task_service_client::TaskServiceClient, topics::Topic};
use tonic::{Request, transport::Channel};
use url::Url;
use uuid::Uuid;

use super::caller::Caller;
use taskmesh::{data_folder::Location, token};

const TTL: Duration = Duration::from_secs(3600);
const TIMEOUT: Duration = Duration::from_secs(10);

/// Which mesh is measured; the one that `taskmesh up` starts unless said otherwise.
#[derive(Debug, Args)]
pub struct Connection {
    #[command(flatten)]
    location: Location,
    #[command(flatten)]
    secret: token::Secret,
    /// gRPC of the task-service.
    #[arg(long, default_value = "http://127.0.0.1:50051")]
    task_url: Url,
}

/// Which broker tells what happens in the mesh.
#[derive(Debug, Args)]
pub struct Broker {
    /// The broker.
    #[arg(long, default_value = "127.0.0.1:9092")]
    bootstrap_servers: String,
}

impl Connection {
    /// Prepares to work as a new user of the mesh.
    pub fn open(&self, broker: &Broker) -> Result<Mesh, BoxError> {
        let user: UserId = format!("bench-{}", Uuid::new_v4()).parse()?;
        Ok(Mesh {
            token: self.token(&user)?,
            user,
            channel: grpc::connect(&self.task_url),
            bootstrap_servers: broker.bootstrap_servers.clone(),
        })
    }

    /// Prepares to work as a certain user, over so many connections.
    pub fn caller(&self, user: &UserId, connections: usize) -> Result<Caller, BoxError> {
        self.caller_over(self.channels(connections), user)
    }

    /// Prepares to work as a certain user, over connections that others use too.
    pub fn caller_over(&self, channels: Vec<Channel>, user: &UserId) -> Result<Caller, BoxError> {
        Caller::new(channels, self.token(user)?)
    }

    /// Prepares so many connections.
    pub fn channels(&self, count: usize) -> Vec<Channel> {
        let channels = (0..count.max(1)).map(|_| grpc::connect(&self.task_url));
        channels.collect()
    }

    /// Returns the folder that holds the mesh's data.
    pub fn data_dir(&self) -> &Path {
        &self.location.data_dir
    }

    fn token(&self, user: &UserId) -> Result<String, BoxError> {
        let secret = self.secret.of_mesh(&self.location)?;
        token::mint(secret, user, &[], TTL)
    }
}

/// A mesh, as one user sees it.
pub struct Mesh {
    pub user: UserId,
    token: String,
    channel: Channel,
    bootstrap_servers: String,
}

impl Mesh {
    /// Returns a client of the task-service.
    pub fn tasks(&self) -> TaskServiceClient<Channel> {
        TaskServiceClient::new(self.channel.clone())
    }

    /// Makes a request of the user.
    pub fn request<T>(&self, message: T) -> Result<Request<T>, BoxError> {
        let mut request = Request::new(message);
        let bearer = format!("Bearer {}", self.token).parse()?;
        request.metadata_mut().insert("authorization", bearer);
        Ok(request)
    }

    /// Reads a topic from its end on, without a group.
    pub fn follow(&self, topic: &Topic) -> Result<StreamConsumer, BoxError> {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap_servers)
            .set("group.id", "taskmesh-bench")
            .set("fetch.wait.max.ms", "10")
            .set("enable.auto.commit", "false");
        let probe: BaseConsumer = config.create()?;
        let mut list = TopicPartitionList::new();
        for partition in 0..topic.partitions {
            let (_, high) = probe.fetch_watermarks(topic.name, partition, TIMEOUT)?;
            list.add_partition_offset(topic.name, partition, Offset::Offset(high))?;
        }
        let consumer: StreamConsumer = config.create()?;
        consumer.assign(&list)?;
        Ok(consumer)
    }
}
