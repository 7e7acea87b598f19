use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use diesel::{dsl::sql, sql_types::Bool};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use url::Url;

use super::{Count, Plans, block_on, counts, required};
use crate::{
    config::Redacted,
    ids::Ids,
    postgres::{self, Database, DatabaseConfig, Schema},
};

/// A database of its own for one test; dropped with the value.
pub struct TestDatabase {
    name: String,
    url: Url,
}

impl TestDatabase {
    /// Creates a database with the schema's migrations applied, as a copy of a template.
    pub async fn create(schema: Schema) -> Self {
        let mut admin = connect(&server()).await;
        let template = template(&mut admin, schema).await;
        // Copying files is the fastest strategy on a server that does not wait for its disk.
        Self::create_with(
            &mut admin,
            &format!("TEMPLATE {template} STRATEGY file_copy"),
        )
        .await
    }

    /// Returns the commits and statements of all pools of this database since the last call, by the name of the transaction.
    pub fn take_counts(&self) -> BTreeMap<&'static str, Count> {
        counts::take(&self.name)
    }

    /// Creates a database without any schema of a service.
    pub async fn create_empty() -> Self {
        Self::create_with(&mut connect(&server()).await, "").await
    }

    async fn create_with(admin: &mut AsyncPgConnection, options: &str) -> Self {
        let name = format!("test_{}", Ids.uuid_v7().simple());
        execute(admin, &format!("CREATE DATABASE {name} {options}")).await;
        let url = database_url(&name);
        Self { name, url }
    }

    /// Returns the settings that reach it.
    pub fn config(&self) -> DatabaseConfig {
        config(&self.url)
    }

    /// Returns the URL that reaches it.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Opens a pool whose unqualified names mean this schema.
    pub fn open(&self, schema: Schema) -> Database {
        Database::new(&self.config(), schema.name).expect("the harness knows its database")
    }

    /// Opens a pool as [`open`](Self::open) does, which records how the server executes its statements.
    pub fn open_with_plans(&self, schema: Schema) -> (Database, Plans) {
        let plans = Plans::default();
        let database = Database::recording(&self.config(), schema.name, plans.clone())
            .expect("the harness knows its database");
        (database, plans)
    }

    /// Opens one connection as [`open_with_plans`](Self::open_with_plans) does.
    pub async fn connect_with_plans(&self, schema: Schema) -> (AsyncPgConnection, Plans) {
        let (database, plans) = self.open_with_plans(schema);
        let connection = database.connect().await.expect("the database answers");
        (connection, plans)
    }

    /// Opens one connection whose unqualified names mean this schema.
    pub async fn connect(&self, schema: &str) -> AsyncPgConnection {
        postgres::connect(&self.config(), schema)
            .await
            .expect("the database answers")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let statement = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        block_on(|| async { execute(&mut connect(&server()).await, &statement).await });
    }
}

/// Returns the name of a database with the schema's migrations applied, which the first test that needs it creates.
///
/// No session can connect to it, because PostgreSQL copies only databases without sessions. A lock keeps out other tests and test
/// processes meanwhile. A process that dies leaves a database that is not marked as a template and is created again.
async fn template(admin: &mut AsyncPgConnection, schema: Schema) -> String {
    let name = template_name(&schema);
    execute(
        admin,
        &format!("SELECT pg_advisory_lock(hashtextextended('{name}', 0))"),
    )
    .await;
    let is_ready =
        format!("EXISTS (SELECT FROM pg_database WHERE datname = '{name}' AND datistemplate)");
    let is_ready: bool = diesel::select(sql::<Bool>(&is_ready))
        .get_result(admin)
        .await
        .expect("the catalog is readable");
    if !is_ready {
        execute(
            admin,
            &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        )
        .await;
        execute(admin, &format!("CREATE DATABASE {name}")).await;
        let config = config(&database_url(&name));
        // On its own thread, because diesel's migrations block their thread.
        tokio::task::spawn_blocking(move || block_on(|| postgres::migrate(&config, schema)))
            .await
            .expect("migrating does not panic")
            .expect("the migrations apply");
        execute(
            admin,
            &format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true"),
        )
        .await;
    }
    execute(
        admin,
        &format!("SELECT pg_advisory_unlock(hashtextextended('{name}', 0))"),
    )
    .await;
    name
}

/// Names a template after the schema and the test program, which contains the migrations.
fn template_name(schema: &Schema) -> String {
    let program = std::env::current_exe().expect("a test is a program");
    let built = std::fs::metadata(&program).and_then(|file| file.modified());
    let mut hasher = DefaultHasher::new();
    (program, built.expect("the file system keeps times")).hash(&mut hasher);
    schema.migrations.is_some().hash(&mut hasher);
    format!("template_{}_{:016x}", schema.name, hasher.finish())
}

fn server() -> Url {
    required("TEST_DATABASE_URL")
        .parse()
        .expect("TEST_DATABASE_URL is a URL")
}

fn database_url(name: &str) -> Url {
    let mut url = server();
    url.set_path(name);
    url
}

fn config(url: &Url) -> DatabaseConfig {
    DatabaseConfig {
        url: Redacted::new(url.to_string()),
        ssl_root_certificate: None,
        pool_size: 10,
        statement_timeout_ms: 10_000,
    }
}

async fn connect(url: &Url) -> AsyncPgConnection {
    AsyncPgConnection::establish(url.as_str())
        .await
        .expect("the PostgreSQL of TEST_DATABASE_URL answers")
}

async fn execute(connection: &mut AsyncPgConnection, statement: &str) {
    connection
        .batch_execute(statement)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}
