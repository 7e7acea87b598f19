//! The real gateway, started as in production, before fake services.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api_gateway::{ApiGateway, Config, Streams, router, tickets};
use reqwest::{Client, Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;
use service_runtime::{
    Running, config,
    grpc::{Caller, Origin, ServiceIdentity, Verified, Verifier, mint_user_token},
};
use tokio_util::sync::CancellationToken;

use super::{
    fake_services::FakeServices,
    fixture::{CONTRACT, LIBRARY, library},
};

const USERS_SECRET: &str = "a secret of the users' issuer, for tests";
const MESH_SECRET: &str = "a secret of the mesh's issuer, for tests";

pub struct TestGateway {
    pub services: FakeServices,
    pub url: String,
    config: Config,
    client: Client,
    /// Stops the streams of a gateway to the library.
    pub stopping: CancellationToken,
    running: Option<Running>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// Returns the reason of an error, which must have the shape that all errors have.
    pub fn reason(&self) -> String {
        let json = self.json();
        assert_eq!(
            json["details"][0]["@type"], "type.googleapis.com/google.rpc.ErrorInfo",
            "{json}"
        );
        assert_eq!(json["details"][0]["domain"], "taskmesh");
        json["details"][0]["reason"].as_str().unwrap().to_owned()
    }

    /// Returns the wrong fields of an error as `field: description`.
    pub fn violations(&self) -> Vec<String> {
        let json = self.json();
        assert_eq!(
            json["details"][1]["@type"], "type.googleapis.com/google.rpc.BadRequest",
            "{json}"
        );
        let violations = json["details"][1]["field_violations"]
            .as_array()
            .unwrap()
            .clone();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let line = |v: &Value| format!("{}: {}", text(&v["field"]), text(&v["description"]));
        violations.iter().map(line).collect()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// Returns the configuration of a test, with more variables or others.
pub fn config(services: &str, more: &[(&str, &str)]) -> Result<Config, config::ConfigError> {
    let mut variables = vec![
        ("LOG__FORMAT", "text"),
        ("LOG__LEVEL", "info"),
        ("ADMIN__ADDRESS", "127.0.0.1:0"),
        ("HTTP__ADDRESS", "127.0.0.1:0"),
        ("PUBLIC_URL", "https://tasks.example.com"),
        ("AUTH__USERS__ISSUER", "https://login.example.com"),
        ("AUTH__USERS__AUDIENCE", "taskmesh"),
        ("AUTH__USERS__SECRET", USERS_SECRET),
        ("AUTH__MESH__ISSUER", "taskmesh"),
        ("AUTH__MESH__AUDIENCE", "taskmesh-services"),
        ("AUTH__MESH__SECRET", MESH_SECRET),
        ("UPSTREAMS__TASK", services),
        ("UPSTREAMS__RECURRENCE", services),
        ("UPSTREAMS__NOTIFICATION", services),
        ("UPSTREAMS__REALTIME", services),
        ("UPSTREAMS__AUDIT", services),
    ];
    variables.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    variables.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    let named = variables
        .into_iter()
        .map(|(name, value)| (format!("API_GATEWAY_{name}"), value.to_owned()));
    config::load::<Config>("API_GATEWAY", named)
}

impl TestGateway {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(more: &[(&str, &str)]) -> Self {
        let services = FakeServices::of(&CONTRACT);
        let address = services.serve().await;
        let config = config(&format!("http://{address}"), more).unwrap();
        let running = service_runtime::start::<ApiGateway>(config.clone())
            .await
            .unwrap();
        Self {
            services,
            url: format!("http://{}", running.http_address().unwrap()),
            config,
            client: Client::new(),
            stopping: CancellationToken::new(),
            running: Some(running),
        }
    }

    /// Starts a gateway to the library, which has routes that the contract of Taskmesh has no use for.
    pub async fn start_library(more: &[(&str, &str)]) -> Self {
        let services = FakeServices::of(&LIBRARY);
        let url = format!("http://{}", services.serve().await);
        let mut config = config(&url, more).unwrap();
        config.upstreams = [("library".to_owned(), url.parse().unwrap())].into();
        let identity = ServiceIdentity::new("api-gateway", &config.auth).unwrap();
        let verifier = Verifier::new(&config.auth).unwrap();
        let streams = Streams::default();
        let stopping = streams.stopping.clone();
        let router = router(library(), &config, identity, verifier, streams).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            services,
            url,
            config,
            client: Client::new(),
            stopping,
            running: None,
        }
    }

    /// Stops the gateway and checks the names of its metrics.
    pub async fn stop(self) {
        self.running.unwrap().stop().await.unwrap();
        service_runtime::testing::check_metrics();
    }

    pub fn token(&self, user: &str) -> String {
        let lifetime = Duration::from_secs(60);
        mint_user_token(
            &self.config.auth.users,
            &user.parse().unwrap(),
            &[],
            lifetime,
        )
        .unwrap()
    }

    /// Returns a live ticket of a user, which opens a stream for some time; the token that it was issued for expires in so many
    /// seconds.
    pub fn ticket(&self, user: &str, opens: Duration, token_expires_in: i64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let verified = Verified {
            caller: Caller {
                user_id: user.parse().unwrap(),
                service: None,
                token_id: None,
                client_id: None,
                roles: Vec::new(),
                origin: Origin::default(),
            },
            expire_time: now.as_secs().checked_add_signed(token_expires_in).unwrap(),
        };
        let identity = ServiceIdentity::new("api-gateway", &self.config.auth).unwrap();
        identity
            .issue_ticket(tickets::AUDIENCE, &verified, opens)
            .ticket
    }

    /// Returns a token of the mesh's issuer, which no user has.
    pub fn mesh_token(&self, user: &str) -> String {
        let identity =
            service_runtime::grpc::ServiceIdentity::new("task-service", &self.config.auth).unwrap();
        identity.token(&user.parse().unwrap())
    }

    /// Prepares a request without a token.
    pub fn open(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Prepares a request of alice.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.open(method, path).bearer_auth(self.token("alice"))
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request("GET", path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        send(self.request("POST", path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        send(self.request("PATCH", path).json(&body)).await
    }
}

pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}
