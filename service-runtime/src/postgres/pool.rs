use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use deadpool::managed::QueueMode;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{
    AsyncPgConnection,
    pooled_connection::{
        AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
        deadpool::{Object, Pool},
    },
};
use openssl::ssl::{SslConnector, SslMethod};
use postgres_openssl::MakeTlsConnector;
use serde::Deserialize;
use tokio::{sync::Notify, time::timeout};
use tokio_postgres::config::SslMode;

use super::DatabaseError;
use crate::{BoxError, config::Redacted};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(3);
/// Every statement reads a few rows along an index. Whole tables would be read where one user has much of one, workers would be
/// started and code be compiled for longer than the statement runs. A prepared statement keeps one plan for all values: planning often
/// costs more than running, and the server would plan those with arrays each time, for it takes these to be longer than most are.
const SHORT_STATEMENTS: &str = "-c enable_seqscan=off -c max_parallel_workers_per_gather=0 -c jit=off -c plan_cache_mode=force_generic_plan";

/// How a service reaches its database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `postgres://user:password@host:port/database`, with `?sslmode=require` for TLS (the certificate is then verified).
    pub url: Redacted<String>,
    /// The certificate authority that signed the server's certificate (PEM); the system's authorities if absent.
    pub ssl_root_certificate: Option<PathBuf>,
    /// The largest number of connections.
    #[serde(default = "default_pool_size")]
    pub pool_size: usize,
    /// How long a statement may run, in milliseconds.
    #[serde(default = "default_statement_timeout_ms")]
    pub statement_timeout_ms: u32,
}

fn default_pool_size() -> usize {
    10
}

fn default_statement_timeout_ms() -> u32 {
    10_000
}

impl DatabaseConfig {
    /// Returns the settings of a connection whose unqualified names mean one schema.
    fn connection(
        &self,
        schema: &str,
        statement_timeout_ms: u32,
    ) -> Result<tokio_postgres::Config, BoxError> {
        let mut config: tokio_postgres::Config = self.url.expose().parse().map_err(
            |_| "the database url does not read as postgres://user:password@host:port/database",
        )?;
        config
            .options(format!(
                "-c search_path={schema} -c timezone=UTC -c statement_timeout={statement_timeout_ms} \
                 -c idle_in_transaction_session_timeout=5000 {SHORT_STATEMENTS}"
            ))
            .application_name(format!("taskmesh-{schema}"))
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_user_timeout(Duration::from_secs(5))
            .keepalives_idle(Duration::from_secs(5))
            .keepalives_interval(Duration::from_secs(1))
            .keepalives_retries(3);
        Ok(config)
    }

    fn tls(&self) -> Result<MakeTlsConnector, BoxError> {
        let mut builder = SslConnector::builder(SslMethod::tls_client())?;
        if let Some(file) = &self.ssl_root_certificate {
            builder.set_ca_file(file)?;
        }
        Ok(MakeTlsConnector::new(builder.build()))
    }
}

/// Opens one connection outside any pool, without a limit on how long a statement may run.
pub(crate) async fn connect(
    config: &DatabaseConfig,
    schema: &str,
) -> Result<AsyncPgConnection, DatabaseError> {
    let connection = config
        .connection(schema, 0)
        .map_err(DatabaseError::Unavailable)?;
    let tls = config.tls().map_err(DatabaseError::Unavailable)?;
    establish(&connection, tls)
        .await
        .map_err(|error| DatabaseError::Unavailable(error.into()))
}

async fn establish(
    config: &tokio_postgres::Config,
    tls: MakeTlsConnector,
) -> ConnectionResult<AsyncPgConnection> {
    let bad = |error: tokio_postgres::Error| {
        ConnectionError::CouldntSetupConfiguration(diesel::result::Error::QueryBuilderError(
            error.into(),
        ))
    };
    if config.get_ssl_mode() == SslMode::Disable {
        let (client, connection) = config.connect(tokio_postgres::NoTls).await.map_err(bad)?;
        AsyncPgConnection::try_from_client_and_connection(client, connection).await
    } else {
        let (client, connection) = config.connect(tls).await.map_err(bad)?;
        AsyncPgConnection::try_from_client_and_connection(client, connection).await
    }
}

/// Opens connections with the settings of one service.
#[derive(Clone)]
struct Opener {
    connection: tokio_postgres::Config,
    tls: MakeTlsConnector,
    /// Where connections record the plans of their statements.
    #[cfg(feature = "testing")]
    plans: Option<crate::testing::Plans>,
}

impl Opener {
    fn new(config: &DatabaseConfig, schema: &str) -> Result<Self, BoxError> {
        Ok(Self {
            connection: config.connection(schema, config.statement_timeout_ms)?,
            tls: config.tls()?,
            #[cfg(feature = "testing")]
            plans: None,
        })
    }

    async fn open(&self) -> ConnectionResult<AsyncPgConnection> {
        #[cfg(feature = "testing")]
        if let Some(plans) = &self.plans {
            let opened = plans.connect(&self.connection).await;
            return opened.map_err(|error| ConnectionError::BadConnection(error.to_string()));
        }
        let opened = establish(&self.connection, self.tls.clone()).await;
        #[cfg(feature = "testing")]
        let opened = opened.map(|mut connection| {
            diesel_async::AsyncConnection::set_instrumentation(
                &mut connection,
                crate::testing::count,
            );
            connection
        });
        opened
    }
}

/// One service's schema in the database, through a pool of connections.
#[derive(Clone)]
pub struct Database {
    pool: Pool<AsyncPgConnection>,
    opener: Opener,
    schema: &'static str,
    /// Tells the relay that a commit left something in the outbox.
    pub(crate) appended: Arc<Notify>,
}

impl fmt::Debug for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Database")
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

impl Database {
    /// Prepares the pool; connections are opened as they are needed.
    pub fn new(config: &DatabaseConfig, schema: &'static str) -> Result<Self, BoxError> {
        Self::with(Opener::new(config, schema)?, config.pool_size, schema)
    }

    /// Prepares a pool whose connections record the plans of their statements.
    #[cfg(feature = "testing")]
    pub(crate) fn recording(
        config: &DatabaseConfig,
        schema: &'static str,
        plans: crate::testing::Plans,
    ) -> Result<Self, BoxError> {
        let mut opener = Opener::new(config, schema)?;
        opener.plans = Some(plans);
        Self::with(opener, config.pool_size, schema)
    }

    fn with(opener: Opener, pool_size: usize, schema: &'static str) -> Result<Self, BoxError> {
        let pooled = opener.clone();
        let mut manager = ManagerConfig::default();
        // A connection that is known to be closed is not used again; asking the server each time would cost a round trip.
        manager.recycling_method = RecyclingMethod::Fast;
        manager.custom_setup = Box::new(move |_| {
            let opener = pooled.clone();
            Box::pin(async move { opener.open().await })
        });
        let manager = AsyncDieselConnectionManager::new_with_config(String::new(), manager);
        let pool = Pool::builder(manager)
            .max_size(pool_size)
            .wait_timeout(Some(WAIT_FOR_CONNECTION))
            .create_timeout(Some(CONNECT_TIMEOUT))
            .recycle_timeout(Some(CONNECT_TIMEOUT))
            .runtime(deadpool::Runtime::Tokio1)
            // The connection that was used last has the statements prepared and the pages at hand.
            .queue_mode(QueueMode::Lifo)
            .build()?;
        Ok(Self {
            pool,
            opener,
            schema,
            appended: Arc::new(Notify::new()),
        })
    }

    /// Returns the name of the schema.
    pub fn schema(&self) -> &'static str {
        self.schema
    }

    /// Counts the statements of a transaction for a test.
    #[cfg(feature = "testing")]
    pub(super) async fn counted<F: Future>(&self, name: &'static str, work: F) -> F::Output {
        let database = self.opener.connection.get_dbname().unwrap_or_default();
        crate::testing::counted(database, name, work).await
    }

    /// Opens a connection outside the pool, for who keeps it.
    pub(crate) async fn connect(&self) -> Result<AsyncPgConnection, DatabaseError> {
        let opened = timeout(CONNECT_TIMEOUT, self.opener.open()).await;
        opened
            .map_err(|late| DatabaseError::Unavailable(late.into()))?
            .map_err(|error| DatabaseError::Unavailable(error.into()))
    }

    /// Takes a connection from the pool, waiting up to three seconds for one.
    pub(crate) async fn connection(&self) -> Result<Object<AsyncPgConnection>, DatabaseError> {
        self.pool
            .get()
            .await
            .map_err(|error| DatabaseError::Unavailable(error.into()))
    }
}
