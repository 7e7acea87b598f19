use std::{collections::BTreeMap, sync::Arc};

use crate::{
    NotificationService,
    app::App,
    config::EmailConfig,
    delivery::{Channel, Dispatcher, email::EmailChannel, warm_up_channels},
    error::Error,
    operations,
    scheduler::Scheduler,
};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Integer, Nullable, Text, Timestamptz},
};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use service_runtime::{
    BoxError, Service,
    clock::Clock,
    ids::Ids,
    postgres::{Database, DatabaseError, Schema},
    testing::{Count, Plans, TestDatabase, eventually},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{MailServer, TaskBuilder};

/// The parts of the service behind the broker, on a database of the test's own.
pub struct Bench {
    database: TestDatabase,
    mail: Option<u16>,
    app: App,
}

/// A reminder with its e-mail, as the tables have them.
#[derive(Debug, Clone, QueryableByName)]
pub struct Row {
    #[diesel(sql_type = Text)]
    pub state: String,
    #[diesel(sql_type = BigInt)]
    pub version: i64,
    #[diesel(sql_type = Timestamptz)]
    pub fire_time: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub update_time: DateTime<Utc>,
    /// Number of deliveries by any channel.
    #[diesel(sql_type = BigInt)]
    pub deliveries: i64,
    /// The state of the e-mail, if there is one.
    #[diesel(sql_type = Nullable<Text>)]
    pub email: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub attempts: Option<i32>,
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
}

impl Bench {
    pub async fn new() -> Self {
        Self::with(None).await
    }

    /// Makes a bench with a mail server, at which every user has an address.
    pub async fn with_mail(server: &MailServer) -> Self {
        Self::with_mail_at(server.port()).await
    }

    /// Makes a bench that looks for its mail server at a port.
    pub async fn with_mail_at(port: u16) -> Self {
        Self::with(Some(port)).await
    }

    async fn with(mail: Option<u16>) -> Self {
        let database = TestDatabase::create(schema()).await;
        let app = app(database.open(schema()), mail);
        Self {
            database,
            mail,
            app,
        }
    }

    /// Makes a bench whose handles record how the server executes their statements.
    pub async fn with_plans() -> (Self, Plans) {
        let database = TestDatabase::create(schema()).await;
        let (pool, plans) = database.open_with_plans(schema());
        let mail = Some(MailServer::free_port());
        let app = app(pool, mail);
        let bench = Self {
            database,
            mail,
            app,
        };
        (bench, plans)
    }

    /// Returns handles with connections of their own, and the wake-ups of this process.
    pub fn another_app(&self) -> App {
        App {
            scheduled: self.app.scheduled.clone(),
            fired: self.app.fired.clone(),
            ..app(self.database.open(schema()), self.mail)
        }
    }

    /// Takes note of a task, as the consumer does.
    pub async fn observe(&self, builder: &TaskBuilder) {
        let app = &self.app;
        let done: Result<_, Error> = app
            .database
            .transaction("observe", async |tx| {
                let seen = [builder.task.clone()];
                let observed = operations::observe_tasks(tx, &app.ids, &seen).await;
                observed.map_err(Error::from)
            })
            .await;
        app.scheduled_at(done.unwrap());
    }

    /// Starts a scheduler, and what prepares the channels for it, as a process of its own.
    pub fn scheduler(&self) -> Process {
        let app = self.another_app();
        let scheduler = Scheduler::new(app.clone());
        Process::start(|stopping| async move {
            let warming = warm_up_channels(app, stopping.clone());
            tokio::try_join!(scheduler.run(stopping), warming).map(|_| ())
        })
    }

    /// Starts a dispatcher, as a process of its own.
    pub fn dispatcher(&self) -> Process {
        let dispatcher = Dispatcher::new(self.another_app());
        Process::start(|stopping| dispatcher.run(stopping))
    }

    /// Makes one reminder that is due at once, and fires it.
    pub async fn fire_one(&self, user: &str) -> TaskBuilder {
        let task =
            TaskBuilder::reminding_at(user, Clock::system().now() + TimeDelta::milliseconds(50));
        self.observe(&task).await;
        eventually("the reminder fires", async || {
            let fired = operations::fire_reminders(&self.app, 10).await.unwrap();
            (fired.count == 1).then_some(())
        })
        .await;
        task
    }

    /// Returns all reminders, by fire time.
    pub async fn rows(&self) -> Vec<Row> {
        let rows: Result<Vec<Row>, DatabaseError> = self
            .app
            .database
            .transaction("rows", async |tx| {
                let rows = diesel::sql_query(
                    "SELECT reminders.state, version, fire_time, update_time,
                            (SELECT count(*) FROM deliveries
                             WHERE reminder_id = id AND deliveries.user_id = reminders.user_id) AS deliveries,
                            email.state AS email, email.attempt_count AS attempts, email.failure_reason AS reason
                     FROM reminders
                     LEFT JOIN (SELECT reminder_id, state, attempt_count, failure_reason
                                FROM deliveries WHERE channel = 'email') AS email
                            ON email.reminder_id = reminders.id
                     ORDER BY fire_time, id",
                );
                Ok(rows.load(tx).await?)
            })
            .await;
        rows.unwrap()
    }

    /// Waits until the only reminder's e-mail is in a state, and returns the row.
    pub async fn email_in(&self, state: &str) -> Row {
        let mut rows = self.emails_in(state, 1).await;
        rows.remove(0)
    }

    /// Waits until the e-mails of so many reminders are in a state, and returns the rows of these.
    pub async fn emails_in(&self, state: &str, count: usize) -> Vec<Row> {
        eventually(&format!("{count} e-mails are {state}"), async || {
            let mut rows = self.rows().await;
            rows.retain(|row| row.email.as_deref() == Some(state));
            (rows.len() == count).then_some(rows)
        })
        .await
    }

    /// Lets the claims of processes that are gone run out.
    pub async fn let_claims_run_out(&self) {
        self.execute(
            "UPDATE deliveries SET wake_time = clock_timestamp() WHERE claim_id IS NOT NULL",
        )
        .await;
        self.app.fired.notify_one();
    }

    pub async fn execute(&self, statement: &str) {
        let mut connection = self.database.connect(schema().name).await;
        connection.batch_execute(statement).await.unwrap();
    }

    /// Returns the commits and statements since the last call, by the name of the transaction.
    pub fn take_counts(&self) -> BTreeMap<&'static str, Count> {
        self.database.take_counts()
    }

    pub fn app(&self) -> &App {
        &self.app
    }
}

fn schema() -> Schema {
    NotificationService::SCHEMA.unwrap()
}

fn app(database: Database, mail: Option<u16>) -> App {
    let channels = mail.map(|port| {
        let smtp = MailServer::settings(port);
        let email = EmailConfig {
            default_domain: Some("example.org".to_owned()),
        };
        Arc::new(EmailChannel::new(&smtp, &email).unwrap()) as Arc<dyn Channel>
    });
    App::new(
        database,
        Clock::system(),
        Ids,
        channels.into_iter().collect(),
    )
}

/// A part of the service that runs as if in a process of its own; dropping it kills it.
pub struct Process {
    tasks: JoinSet<Result<(), BoxError>>,
    stopping: CancellationToken,
}

impl Process {
    fn start<F>(run: impl FnOnce(CancellationToken) -> F) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        let stopping = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(run(stopping.clone()));
        Self { tasks, stopping }
    }

    /// Ends it wherever it is.
    pub async fn kill(mut self) {
        self.tasks.shutdown().await;
    }

    /// Asks it to stop and waits until it has.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        self.tasks.join_next().await.unwrap().unwrap().unwrap();
    }
}
