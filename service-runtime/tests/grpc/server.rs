//! A gRPC server to make calls to.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use service_runtime::{
    config::Redacted,
    grpc::{
        AuthConfig, Caller, Channel, GrpcConfig, IssuerConfig, Verifier, accept, connect,
        mint_user_token, serve,
    },
    lifecycle::ShutdownTokens,
    telemetry::propagation,
};
use taskmesh_proto::recurrence::v1::{
    self as pb,
    recurrence_service_client::RecurrenceServiceClient,
    recurrence_service_server::{RecurrenceService, RecurrenceServiceServer},
};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinSet};
use tonic::{Request, Response, Status, service::Routes};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_types::StatusExt;

pub const SERVICE: &str = "taskmesh.recurrence.v1.RecurrenceService";

/// Does what the rule says.
#[derive(Clone)]
pub struct Obedient {
    pub began: Arc<Semaphore>,
    pub may_end: Arc<Semaphore>,
}

#[tonic::async_trait]
impl RecurrenceService for Obedient {
    async fn validate_rule(
        &self,
        request: Request<pb::ValidateRuleRequest>,
    ) -> Result<Response<pb::ValidateRuleResponse>, Status> {
        let (caller, message) = accept(request)?;
        match message.recurrence_rule.as_str() {
            "panic" => panic!("as told"),
            "leak" => return Err(Status::internal("secret of the database")),
            "wait" => {
                self.began.add_permits(1);
                let _permit = self.may_end.acquire().await;
            }
            _ => {}
        }
        let Caller {
            user_id, service, ..
        } = caller;
        let first = pb::Occurrence {
            recurrence_id: format!("{user_id}/{}", service.unwrap_or_default()),
            time: None,
        };
        let last = pb::Occurrence {
            recurrence_id: propagation::current_traceparent().unwrap_or_default(),
            time: None,
        };
        Ok(Response::new(pb::ValidateRuleResponse {
            first: Some(first),
            last: Some(last),
        }))
    }

    async fn preview_occurrences(
        &self,
        _: Request<pb::PreviewOccurrencesRequest>,
    ) -> Result<Response<pb::PreviewOccurrencesResponse>, Status> {
        Ok(Response::new(pb::PreviewOccurrencesResponse::default()))
    }
}

pub struct Server {
    pub address: SocketAddr,
    pub channel: Channel,
    pub shutdown: ShutdownTokens,
    pub began: Arc<Semaphore>,
    pub may_end: Arc<Semaphore>,
    // Dropping it ends the server.
    pub tasks: JoinSet<()>,
}

impl Server {
    pub async fn start(change: impl FnOnce(&mut GrpcConfig)) -> Self {
        let mut config = GrpcConfig::at("127.0.0.1:0".parse().unwrap());
        change(&mut config);
        let (began, may_end) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let service = Obedient {
            began: began.clone(),
            may_end: may_end.clone(),
        };
        let listener = TcpListener::bind(config.address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}");
        let routes = Routes::new(RecurrenceServiceServer::new(service));
        let verifier = Verifier::new(&auth()).unwrap();
        let shutdown = ShutdownTokens::default();
        let signals = shutdown.clone();
        let server = serve(listener, config, routes, verifier, signals)
            .await
            .unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { server.await.unwrap() });
        Self {
            address,
            channel: connect(&url.parse().unwrap()),
            shutdown,
            began,
            may_end,
            tasks,
        }
    }

    pub async fn validate(
        &self,
        request: Request<pb::ValidateRuleRequest>,
    ) -> Result<pb::ValidateRuleResponse, Status> {
        let mut client = RecurrenceServiceClient::new(self.channel.clone());
        client
            .validate_rule(request)
            .await
            .map(Response::into_inner)
    }

    pub fn call_in_background(
        &self,
        request: Request<pb::ValidateRuleRequest>,
    ) -> JoinSet<Result<pb::ValidateRuleResponse, Status>> {
        let mut client = RecurrenceServiceClient::new(self.channel.clone());
        let mut call = JoinSet::new();
        call.spawn(async move {
            client
                .validate_rule(request)
                .await
                .map(Response::into_inner)
        });
        call
    }

    pub async fn health(&self, service: &str) -> ServingStatus {
        let request = HealthCheckRequest {
            service: service.to_owned(),
        };
        let mut client = HealthClient::new(self.channel.clone());
        client.check(request).await.unwrap().into_inner().status()
    }
}

pub fn auth() -> AuthConfig {
    let issuer = |name: &str| IssuerConfig {
        issuer: name.to_owned(),
        audience: "taskmesh".to_owned(),
        secret: Some(Redacted::new(format!(
            "{name}: a secret of at least 32 bytes"
        ))),
        jwks_file: None,
        jwks_url: None,
    };
    AuthConfig {
        users: issuer("users"),
        mesh: issuer("mesh"),
        signing_key_file: None,
        signing_key_id: None,
    }
}

pub fn message(rule: &str) -> pb::ValidateRuleRequest {
    pb::ValidateRuleRequest {
        recurrence_rule: rule.to_owned(),
        ..pb::ValidateRuleRequest::default()
    }
}

pub fn as_alice(rule: &str) -> Request<pb::ValidateRuleRequest> {
    let alice = "alice".parse().unwrap();
    let token = mint_user_token(&auth().users, &alice, &[], Duration::from_secs(60)).unwrap();
    let mut request = Request::new(message(rule));
    let bearer = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", bearer);
    request
}

pub async fn ended(server: JoinSet<()>) {
    let end = tokio::time::timeout(Duration::from_secs(5), server.join_all()).await;
    end.expect("the server ends");
}

pub async fn answer_of<T: 'static>(mut call: JoinSet<T>) -> T {
    call.join_next().await.unwrap().unwrap()
}

pub fn reason(status: &Status) -> String {
    status
        .get_details_error_info()
        .expect("every error has a reason")
        .reason
}
