//! PostgreSQL server of the mesh.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::process::Signal;
use service_runtime::BoxError;
use taskmesh::{
    embedded::postgres::{Options, Postgres},
    secrets,
};
use tokio::time::sleep;
use tokio_postgres::{Client, NoTls};
use url::Url;

/// Database roles of the services whose connections can be terminated.
const ROLES: [&str; 3] = ["task_service", "notification_service", "recurrence_service"];
const DATABASE: &str = "taskmesh";

/// Running server.
pub struct Server {
    folder: PathBuf,
    port: u16,
    password: String,
    pub superuser: Url,
    /// None while it is down.
    postgres: Option<Postgres>,
}

impl Server {
    /// Creates a cluster in the folder and starts its server.
    pub async fn start(folder: &Path, port: u16) -> Result<Self, BoxError> {
        let password = secrets::random();
        let postgres = launch(folder, port, &password).await?;
        Ok(Self {
            folder: folder.to_owned(),
            port,
            password,
            superuser: postgres.url().clone(),
            postgres: Some(postgres),
        })
    }

    /// Connects to the database of the mesh as superuser.
    pub async fn connect(&self) -> Result<Client, BoxError> {
        let mut url = self.superuser.clone();
        url.set_path(DATABASE);
        let (client, connection) = tokio_postgres::connect(url.as_str(), NoTls).await?;
        // The client's calls report a failure of the connection.
        tokio::spawn(connection);
        Ok(client)
    }

    /// Crashes the server, and starts it again after this time.
    pub async fn crash(&mut self, down: Duration) -> Result<(), BoxError> {
        if let Some(postgres) = self.postgres.take() {
            postgres.crash().await?;
        }
        sleep(down).await;
        self.postgres = Some(launch(&self.folder, self.port, &self.password).await?);
        Ok(())
    }

    pub fn signal(&self, signal: Signal) -> Result<(), BoxError> {
        let postgres = self.postgres.as_ref().ok_or("PostgreSQL is down")?;
        Ok(postgres.signal(signal)?)
    }

    /// Terminates all connections of a service; returns a description.
    pub async fn cut_connections(&self, target: usize) -> Result<String, BoxError> {
        let role = ROLES[target % ROLES.len()];
        let query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1";
        self.connect().await?.query(query, &[&role]).await?;
        Ok(format!("connections of {role}"))
    }

    pub async fn end(self) -> Result<(), BoxError> {
        if let Some(postgres) = self.postgres {
            postgres.stop(Duration::from_secs(10)).await?;
        }
        Ok(())
    }
}

async fn launch(folder: &Path, port: u16, password: &str) -> Result<Postgres, BoxError> {
    let options = Options {
        data_folder: folder,
        port,
        password,
        // Answered writes must survive a crash.
        durable: true,
        max_connections: 200,
    };
    Ok(Postgres::start(options).await?)
}
