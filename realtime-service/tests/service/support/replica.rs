use std::time::Duration;

use realtime_service::{Config, RealtimeService};
use service_runtime::{
    Running,
    grpc::{Channel, connect, mint_user_token},
    testing::{TestTopics, load_config},
};
use taskmesh_proto::realtime::v1::{
    WatchRequest, WatchStart, realtime_service_client::RealtimeServiceClient,
};
use tonic::{Request, Status};

use super::Stream;

const SECRET: &str = "a secret of these tests, long enough for HS256";

/// One replica of the service.
pub struct Replica {
    pub config: Config,
    running: Running,
    client: RealtimeServiceClient<Channel>,
}

impl Replica {
    pub async fn start(topics: &TestTopics) -> Self {
        Self::start_with(topics, &[]).await
    }

    /// Starts a replica on these topics; `settings` are further variables, without the service's prefix.
    pub async fn start_with(topics: &TestTopics, settings: &[(&str, &str)]) -> Self {
        let required = [
            ("TASK_URL", "http://127.0.0.1:1"),
            ("TOKENS__SECRET", SECRET),
        ];
        let settings = [&required, settings].concat();
        let config = load_config::<RealtimeService>(&settings).unwrap();
        let config = Config {
            kafka: topics.config().clone(),
            ..config
        };
        let running = service_runtime::start::<RealtimeService>(config.clone())
            .await
            .unwrap();
        let url = format!("http://{}", running.grpc_address().unwrap());
        Self {
            config,
            running,
            client: RealtimeServiceClient::new(connect(&url.parse().unwrap())),
        }
    }

    /// Opens a stream that has begun.
    pub async fn watch(&self, user: &str, request: WatchRequest) -> Stream {
        self.try_watch(user, request).await.unwrap()
    }

    pub async fn try_watch(&self, user: &str, request: WatchRequest) -> Result<Stream, Status> {
        let token = mint_user_token(
            &self.config.auth.users,
            &user.parse().unwrap(),
            &[],
            Duration::from_secs(600),
        );
        let mut request = Request::new(request);
        let bearer = format!("Bearer {}", token.unwrap()).parse().unwrap();
        request.metadata_mut().insert("authorization", bearer);
        let answer = self.client.clone().watch(request).await?;
        Ok(Stream::new(answer.into_inner()))
    }

    /// Opens a stream of what changes from now on, and takes its first message.
    pub async fn watch_now(&self, user: &str) -> Stream {
        let mut stream = self.watch(user, WatchRequest::default()).await;
        stream.live().await;
        stream
    }

    pub async fn watch_snapshot(&self, user: &str) -> Stream {
        let request = WatchRequest {
            start: WatchStart::Snapshot.into(),
            ..WatchRequest::default()
        };
        self.watch(user, request).await
    }

    /// Opens a stream behind a message of before.
    pub async fn watch_behind(&self, user: &str, resume_token: &str) -> Stream {
        self.watch(user, behind(resume_token)).await
    }

    pub async fn stop(self) {
        self.running.stop().await.unwrap();
    }
}

/// Asks for what comes behind a message of before.
pub fn behind(resume_token: &str) -> WatchRequest {
    WatchRequest {
        resume_token: resume_token.to_owned(),
        ..WatchRequest::default()
    }
}
