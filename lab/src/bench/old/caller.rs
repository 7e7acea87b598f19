use std::time::Duration;

use service_runtime::BoxError;
use taskmesh_proto::task::v1::task_service_client::TaskServiceClient;
use tonic::{
    Request,
    metadata::{Ascii, MetadataValue},
    transport::Channel,
};

/// How long a call may take; a mesh that hangs must not hang the benchmark.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Somebody who makes many calls.
#[derive(Debug)]
pub struct Caller {
    channels: Vec<Channel>,
    token: String,
    bearer: MetadataValue<Ascii>,
}

impl Caller {
    /// Takes the connections over which the calls go and the token that lets them in.
    pub fn new(channels: Vec<Channel>, token: String) -> Result<Self, BoxError> {
        Ok(Self {
            bearer: format!("Bearer {token}").parse()?,
            channels,
            token,
        })
    }

    /// Returns the client for a call; calls with successive numbers go over different connections.
    pub fn tasks(&self, number: usize) -> TaskServiceClient<Channel> {
        TaskServiceClient::new(self.channels[number % self.channels.len()].clone())
            .max_decoding_message_size(64 * 1024 * 1024)
    }

    /// Makes a request of the caller.
    pub fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(TIMEOUT);
        request
            .metadata_mut()
            .insert("authorization", self.bearer.clone());
        request
    }

    /// Returns the token.
    pub fn token(&self) -> &str {
        &self.token
    }
}
