//! A database for the mesh: for each service a role that owns one schema and can reach no other.

use std::path::Path;

use openssl::ssl::{SslConnector, SslMethod};
use postgres_openssl::MakeTlsConnector;
use service_runtime::{BoxError, Service, config::Redacted};
use tokio_postgres::Client;
use url::Url;

use crate::secrets;

/// The database of the private cluster.
const DATABASE: &str = "taskmesh";

/// A database and somebody who may create roles and schemas in it.
#[derive(Debug)]
pub struct Database {
    administrator: Redacted<Url>,
}

/// A database that cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error("DATABASE_URL is invalid; use postgres://user:password@host:port/database")]
    Url(#[source] url::ParseError),
    #[error("the database cannot be reached")]
    Connect(#[source] BoxError),
    #[error(
        "creating {what} failed; the user of DATABASE_URL must be allowed to create roles and schemas"
    )]
    Prepare {
        what: String,
        #[source]
        cause: tokio_postgres::Error,
    },
    #[error("the password of a role cannot be stored in the data folder")]
    Password(#[source] std::io::Error),
}

impl Database {
    /// Takes a database that is there already.
    pub fn given(url: &str) -> Result<Self, DatabaseError> {
        let url = Url::parse(url).map_err(DatabaseError::Url)?;
        Ok(Self {
            administrator: Redacted::new(url),
        })
    }

    /// Creates the mesh's database in a private cluster, if it is absent.
    pub async fn in_cluster(superuser: &Url) -> Result<Self, DatabaseError> {
        with_client(superuser, async |client| {
            let failed = |cause| failed(format!("database {DATABASE}"), cause);
            let found = client
                .query_opt("SELECT FROM pg_database WHERE datname = $1", &[&DATABASE])
                .await
                .map_err(failed)?;
            if found.is_none() {
                // Nobody may even connect but those who are let in.
                client
                    .batch_execute(&format!("CREATE DATABASE {DATABASE}"))
                    .await
                    .map_err(failed)?;
                client
                    .batch_execute(&format!(
                        "REVOKE CONNECT ON DATABASE {DATABASE} FROM PUBLIC"
                    ))
                    .await
                    .map_err(failed)?;
            }
            Ok(())
        })
        .await?;
        let mut url = superuser.clone();
        url.set_path(DATABASE);
        Ok(Self {
            administrator: Redacted::new(url),
        })
    }

    /// Creates a service's role and schema if they are absent; returns the URL that its role connects with.
    ///
    /// The role's password is made once and kept in the data folder.
    pub async fn prepare<S: Service>(
        &self,
        data_folder: &Path,
    ) -> Result<Option<Url>, DatabaseError> {
        let Some(schema) = S::SCHEMA else {
            return Ok(None);
        };
        let schema = schema.name;
        let role = format!("{schema}_service");
        let password = secrets::read_or_make(data_folder, &format!("{role}-password"))
            .map_err(DatabaseError::Password)?;
        with_client(self.administrator.expose(), async |client| {
            let failed = |cause| failed(format!("schema {schema}"), cause);
            let found = client
                .query_opt("SELECT FROM pg_roles WHERE rolname = $1", &[&role])
                .await
                .map_err(failed)?;
            // Statements of this kind take no parameters. The names are words of ours, the password hexadecimal digits.
            let verb = if found.is_some() { "ALTER" } else { "CREATE" };
            let statements = format!(
                "{verb} ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '{password}';
                 GRANT {role} TO CURRENT_USER;
                 DO $$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO {role}', current_database()); END $$;
                 CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {role};"
            );
            client.batch_execute(&statements).await.map_err(failed)
        })
        .await?;
        let mut url = self.administrator.expose().clone();
        url.set_username(&role)
            .and_then(|()| url.set_password(Some(&password)))
            .map_err(|()| DatabaseError::Url(url::ParseError::EmptyHost))?;
        Ok(Some(url))
    }
}

fn failed(what: String, cause: tokio_postgres::Error) -> DatabaseError {
    DatabaseError::Prepare { what, cause }
}

/// Works with one connection, closed at the end.
async fn with_client<T>(
    url: &Url,
    work: impl AsyncFnOnce(&mut Client) -> Result<T, DatabaseError>,
) -> Result<T, DatabaseError> {
    let connect = |cause: BoxError| DatabaseError::Connect(cause);
    let tls =
        SslConnector::builder(SslMethod::tls_client()).map_err(|error| connect(error.into()))?;
    let tls = MakeTlsConnector::new(tls.build());
    let (mut client, connection) = tokio_postgres::connect(url.as_str(), tls)
        .await
        .map_err(|error| connect(error.into()))?;
    tokio::select! {
        result = work(&mut client) => result,
        ended = connection => Err(connect(match ended {
            Ok(()) => "the connection was closed".into(),
            Err(error) => error.into(),
        })),
    }
}
