//! The database of the mesh that is measured.

use std::path::Path;

use clap::Args;
use openssl::ssl::{SslConnector, SslMethod};
use postgres_openssl::MakeTlsConnector;
use service_runtime::{BoxError, config::Redacted};
use tokio::task::JoinHandle;
use tokio_postgres::Client;
use url::Url;

use taskmesh::{embedded::postgres::SUPERUSER, secrets};

/// The database that `taskmesh up` makes.
const DATABASE: &str = "taskmesh";

/// Which database the mesh works with; the private one of the data folder unless said otherwise.
#[derive(Debug, Clone, Args)]
pub struct DatabaseLocation {
    /// The database that the mesh works with, as somebody who may write into its tables.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// The port of the private PostgreSQL server.
    #[arg(long, env = "TASKMESH_POSTGRES_PORT", default_value_t = 15432)]
    postgres_port: u16,
}

/// A connection.
pub struct Database {
    pub client: Client,
    url: Redacted<Url>,
    driver: JoinHandle<()>,
}

impl DatabaseLocation {
    /// Connects.
    pub async fn connect(&self, data_folder: &Path) -> Result<Database, BoxError> {
        let url = self.url(data_folder)?;
        let tls = MakeTlsConnector::new(SslConnector::builder(SslMethod::tls_client())?.build());
        let (client, connection) = tokio_postgres::connect(url.as_str(), tls).await.map_err(
            |error| {
                format!(
                    "the database of the mesh cannot be reached; is `taskmesh up` running? {error}"
                )
            },
        )?;
        let driver = tokio::spawn(async move {
            // Whoever waits for an answer learns why there is none.
            let _ = connection.await;
        });
        let database = Database {
            client,
            url: Redacted::new(url),
            driver,
        };
        database.check().await?;
        Ok(database)
    }

    fn url(&self, data_folder: &Path) -> Result<Url, BoxError> {
        if let Some(url) = &self.database_url {
            return Ok(Url::parse(url)?);
        }
        let secret = data_folder.join("postgres-password");
        if !secret.exists() {
            return Err(format!(
                "{} has no password of a private database: start `taskmesh up` first, or name the data folder with --data-dir or \
                 the database with --database-url",
                data_folder.display()
            )
            .into());
        }
        let password = secrets::read_or_make(data_folder, "postgres-password")?;
        let mut url = Url::parse("postgres://127.0.0.1")?;
        url.set_path(DATABASE);
        url.set_username(SUPERUSER)
            .and_then(|()| url.set_password(Some(&password)))
            .and_then(|()| url.set_port(Some(self.postgres_port)))
            .map_err(|()| "the port of the database does not fit into a URL")?;
        Ok(url)
    }
}

impl Database {
    /// Returns the version of the server.
    pub async fn version(&self) -> Result<String, BoxError> {
        let row = self.client.query_one("SHOW server_version", &[]).await?;
        Ok(row.get(0))
    }

    /// Returns where the database is and who works with it.
    pub fn url(&self) -> &Url {
        self.url.expose()
    }

    async fn check(&self) -> Result<(), BoxError> {
        let found = self
            .client
            .query_one("SELECT to_regclass('task.tasks') IS NOT NULL", &[])
            .await?;
        if found.get(0) {
            Ok(())
        } else {
            Err("the database has no tasks: is it that of a mesh?".into())
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
