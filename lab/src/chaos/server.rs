//! The PostgreSQL server of the mesh, which crashes and comes back on its data.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::process::Signal;
use service_runtime::BoxError;
use tokio::time::sleep;
use tokio_postgres::{Client, NoTls};
use url::Url;

use taskmesh::{
    embedded::postgres::{Options, Postgres},
    secrets,
};

/// The services that have database connections, as their roles are named.
const ROLES: [&str; 3] = ["task_service", "notification_service", "recurrence_service"];
/// The database that the mesh works in.
const DATABASE: &str = "taskmesh";

/// A running server.
pub struct Server {
    folder: PathBuf,
    port: u16,
    password: String,
    superuser: Url,
    database: Url,
    /// None while it is down.
    postgres: Option<Postgres>,
}

impl Server {
    /// Makes a cluster in the folder and starts its server.
    pub async fn start(folder: &Path, port: u16) -> Result<Self, BoxError> {
        let password = secrets::random();
        let postgres = launch(folder, port, &password).await?;
        let superuser = postgres.url().clone();
        let mut database = superuser.clone();
        database.set_path(DATABASE);
        Ok(Self {
            folder: folder.to_owned(),
            port,
            password,
            superuser,
            database,
            postgres: Some(postgres),
        })
    }

    /// Returns the superuser's URL.
    pub fn superuser(&self) -> &Url {
        &self.superuser
    }

    /// Returns the superuser's URL of the mesh's database.
    pub fn database(&self) -> &Url {
        &self.database
    }

    /// Has the server crash, and starts it again after this time.
    pub async fn crash(&mut self, down: Duration) -> Result<(), BoxError> {
        if let Some(postgres) = self.postgres.take() {
            postgres.crash().await?;
        }
        sleep(down).await;
        self.postgres = Some(launch(&self.folder, self.port, &self.password).await?);
        Ok(())
    }

    /// Stops the server with SIGSTOP, so that it answers nothing.
    pub fn pause(&self) -> Result<(), BoxError> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on.
    pub fn resume(&self) -> Result<(), BoxError> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> Result<(), BoxError> {
        let postgres = self.postgres.as_ref().ok_or("PostgreSQL is down")?;
        Ok(postgres.signal(signal)?)
    }

    /// Cuts all connections of a service; returns which.
    pub async fn cut_connections(&self, target: usize) -> Result<String, BoxError> {
        let role = ROLES[target % ROLES.len()];
        let client = connect(&self.database).await?;
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1";
        client.query(cut, &[&role]).await?;
        Ok(format!("connections of {role}"))
    }

    /// Stops the server.
    pub async fn end(self) -> Result<(), BoxError> {
        if let Some(postgres) = self.postgres {
            postgres.stop(Duration::from_secs(10)).await?;
        }
        Ok(())
    }
}

/// Opens a connection, which lives as long as the client.
pub async fn connect(url: &Url) -> Result<Client, BoxError> {
    let (client, connection) = tokio_postgres::connect(url.as_str(), NoTls).await?;
    tokio::spawn(async move {
        // Whoever waits for an answer learns why there is none.
        let _ = connection.await;
    });
    Ok(client)
}

async fn launch(folder: &Path, port: u16, password: &str) -> Result<Postgres, BoxError> {
    let options = Options {
        data_folder: folder,
        port,
        password,
        // What was answered must survive the crash.
        durable: true,
        max_connections: 200,
    };
    Ok(Postgres::start(options).await?)
}
