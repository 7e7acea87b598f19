use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use diesel::{QueryableByName, sql_types::BigInt};
use diesel_async::RunQueryDsl;
use taskmesh_proto::topics::{ALL, Topic};
use tonic::Request;
use uuid::Uuid;

use super::{
    Count, RUNTIME, RecordedEvent, TestDatabase, TestTopics, block_on, check_metrics, eventually,
};
use crate::{
    Running, Service,
    clock::Clock,
    config::{self, ConfigError},
    grpc::{self, Channel, IssuerConfig},
    ids::UserId,
    postgres::{Database, Schema},
    service::start_with_clock,
};

const SECRET: &str = "a secret of the test harness, long enough for HS256";
const ISSUER: &str = "https://users.test";
const MESH: &str = "taskmesh-mesh";
const AUDIENCE: &str = "taskmesh";
/// Variables of every service under test, without its prefix.
const STANDARD: [(&str, &str); 10] = [
    ("LOG__FORMAT", "text"),
    ("LOG__LEVEL", "warn"),
    ("ADMIN__ADDRESS", "127.0.0.1:0"),
    ("GRPC__ADDRESS", "127.0.0.1:0"),
    ("AUTH__USERS__ISSUER", ISSUER),
    ("AUTH__USERS__AUDIENCE", AUDIENCE),
    ("AUTH__USERS__SECRET", SECRET),
    ("AUTH__MESH__ISSUER", MESH),
    ("AUTH__MESH__AUDIENCE", AUDIENCE),
    ("AUTH__MESH__SECRET", SECRET),
];

/// One service, started as in production, with a database and topics of its own.
///
/// When it is dropped, an event that was not relayed, that waits for another try or that lies in a dead-letter topic fails the test,
/// and so does a metric against the conventions.
pub struct TestService<S: Service> {
    running: Option<Running>,
    database: TestDatabase,
    topics: TestTopics,
    variables: HashMap<String, String>,
    clock: Clock,
    dead_letters_expected: bool,
    service: std::marker::PhantomData<S>,
}

impl<S: Service> TestService<S> {
    /// Starts the service; `settings` are further variables, without the service's prefix.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        Self::start_with_clock(settings, Clock::system()).await
    }

    /// Starts the service with this clock.
    pub async fn start_with_clock(settings: &[(&str, &str)], clock: Clock) -> Self {
        Self::start_on(TestTopics::create().await, settings, clock).await
    }

    /// Starts the service on these topics.
    pub async fn start_on(topics: TestTopics, settings: &[(&str, &str)], clock: Clock) -> Self {
        let database = TestDatabase::create(schema::<S>()).await;
        let settings: Vec<(String, String)> = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let variables = STANDARD
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .chain([("DATABASE__URL".to_owned(), database.url().to_owned())])
            .chain(topics.settings().iter().cloned())
            .chain(settings)
            .map(|(name, value)| (format!("{}_{name}", S::ENV_PREFIX), value))
            .collect();
        let mut service = Self {
            running: None,
            database,
            topics,
            variables,
            clock,
            dead_letters_expected: false,
            service: std::marker::PhantomData,
        };
        service.restart().await;
        service
    }

    /// Starts the service again on the same database and topics, after [`Self::halt`].
    pub async fn restart(&mut self) {
        let config = config::load::<S::Config>(S::ENV_PREFIX, self.variables.clone())
            .expect("the harness configures the service");
        let clock = self.clock.clone();
        let started = RUNTIME.spawn(async move { start_with_clock::<S>(config, clock).await });
        let running = started.await.expect("starting does not panic");
        self.running = Some(running.unwrap_or_else(|error| panic!("{} starts: {error}", S::NAME)));
    }

    /// Stops the service as SIGTERM does.
    pub async fn halt(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await.expect("the service stops in time");
        }
    }

    /// Changes a variable for the next start, without the service's prefix.
    pub fn set(&mut self, name: &str, value: &str) {
        let name = format!("{}_{name}", S::ENV_PREFIX);
        self.variables.insert(name, value.to_owned());
    }

    /// Returns what starts the service as a process of its own.
    pub fn environment(&self) -> &HashMap<String, String> {
        &self.variables
    }

    /// Lets the test end with records in dead-letter topics.
    pub fn expect_dead_letters(&mut self) {
        self.dead_letters_expected = true;
    }

    /// Opens a channel to the service.
    pub fn channel(&self) -> Channel {
        let address = self
            .running()
            .grpc_address()
            .expect("the service answers gRPC");
        let url = format!("http://{address}")
            .parse()
            .expect("an address makes a URL");
        // On the harness's runtime, so that the connection can be closed while a test of one thread is torn down.
        let _context = RUNTIME.enter();
        grpc::connect(&url)
    }

    /// Returns the service's running form.
    pub fn running(&self) -> &Running {
        self.running.as_ref().expect("the service runs")
    }

    /// Makes a call as a user.
    pub fn request_as<T>(&self, user: &str, message: T) -> Request<T> {
        with_bearer(message, &self.token(user))
    }

    /// Makes a call as a service that acts for a user.
    pub fn request_from<T>(&self, service: &str, user: &str, message: T) -> Request<T> {
        let config = config::load::<S::Config>(S::ENV_PREFIX, self.variables.clone())
            .expect("the harness configures the service");
        let auth =
            crate::config::ServiceConfig::auth(&config).expect("the service verifies tokens");
        grpc::ServiceIdentity::new(service, auth)
            .expect("the harness has the mesh's secret")
            .request(&user_id(user), message)
    }

    /// Makes a call as a user with these roles.
    pub fn request_with_roles<T>(&self, user: &str, roles: &[String], message: T) -> Request<T> {
        with_bearer(message, &self.token_with(user, roles))
    }

    /// Makes a call as a user with the role of operators.
    pub fn request_as_operator<T>(&self, user: &str, message: T) -> Request<T> {
        self.request_with_roles(user, &[grpc::OPERATOR.to_owned()], message)
    }

    /// Mints a token of a user.
    pub fn token(&self, user: &str) -> String {
        self.token_with(user, &[])
    }

    fn token_with(&self, user: &str, roles: &[String]) -> String {
        let users = IssuerConfig {
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            secret: Some(config::Redacted::new(SECRET.to_owned())),
            jwks_file: None,
            jwks_url: None,
        };
        grpc::mint_user_token(&users, &user_id(user), roles, Duration::from_secs(3600))
            .expect("the harness has the users' secret")
    }

    /// Opens the service's database.
    pub fn database(&self) -> Database {
        self.database.open(schema::<S>())
    }

    /// Returns the service's topics.
    pub fn topics(&self) -> &TestTopics {
        &self.topics
    }

    /// Returns the commits and statements of the service since the last call, by the name of the transaction.
    pub fn take_counts(&self) -> BTreeMap<&'static str, Count> {
        self.database.take_counts()
    }

    /// Reads all events that are on a topic, once everything in the outbox has been relayed.
    pub async fn events<E: prost::Message + Default>(
        &self,
        topic: &Topic,
    ) -> Vec<RecordedEvent<E>> {
        self.relayed().await;
        self.topics.events(topic).await
    }

    /// Puts an event on a topic, as another service would.
    pub async fn publish<M: prost::Message>(
        &self,
        topic: &Topic,
        key: &str,
        id: Uuid,
        kind: &str,
        message: &M,
    ) {
        self.topics.publish(topic, key, id, kind, message).await;
    }

    /// Waits until the outbox has nothing that the broker has not acknowledged.
    pub async fn relayed(&self) {
        let database = self.database();
        eventually("the outbox is relayed", async || {
            (count(database.clone(), "outbox").await == 0).then_some(())
        })
        .await;
    }
}

impl<S: Service> Drop for TestService<S> {
    fn drop(&mut self) {
        let running = self.running.take();
        if std::thread::panicking() {
            if let Some(running) = running {
                let _ = block_on(|| running.stop());
            }
            return;
        }
        if let Some(running) = running {
            block_on(|| self.relayed());
            block_on(|| running.stop()).expect("the service stops in time");
        }
        check_metrics();
        let parked = block_on(|| count(self.database(), "parked_records"));
        assert_eq!(parked, 0, "{} has records that wait", S::NAME);
        if self.dead_letters_expected {
            return;
        }
        for topic in ALL.iter().filter(|topic| topic.groups.contains(&S::NAME)) {
            let letters = block_on(|| self.topics.dead_letters(topic, S::NAME));
            assert!(
                letters.is_empty(),
                "{} has dead letters: {letters:?}",
                topic.name
            );
        }
    }
}

fn schema<S: Service>() -> Schema {
    S::SCHEMA.expect("a service under test has a schema")
}

fn with_bearer<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    let bearer = format!("Bearer {token}");
    request
        .metadata_mut()
        .insert("authorization", bearer.parse().expect("a token is ASCII"));
    request
}

fn user_id(text: &str) -> UserId {
    text.parse().expect("the test names a user")
}

/// Reads the configuration of a service from what the harness sets and these further variables, without the service's prefix.
pub fn load_config<S: Service>(settings: &[(&str, &str)]) -> Result<S::Config, ConfigError> {
    let kafka = ("KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1");
    let database = S::SCHEMA.map(|_| ("DATABASE__URL", "postgres://localhost/taskmesh"));
    let values = STANDARD.iter().copied().chain([kafka]).chain(database);
    let variables = values
        .chain(settings.iter().copied())
        .map(|(name, value)| (format!("{}_{name}", S::ENV_PREFIX), value.to_owned()));
    config::load(S::ENV_PREFIX, variables)
}

async fn count(database: Database, relation: &'static str) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let mut connection = database.connection().await.expect("the database answers");
    diesel::sql_query(format!("SELECT count(*) AS count FROM {relation}"))
        .get_result::<Count>(&mut connection)
        .await
        .expect("rows can be counted")
        .count
}
