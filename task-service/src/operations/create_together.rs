//! Creations that share a transaction: its commit and its statements cost more than one more row.

use service_runtime::{
    grpc::Caller,
    postgres::{AsyncPgConnection, Batcher, DatabaseError},
    telemetry::propagation::{self, TraceContext},
};
use tracing::{Instrument, Span, debug};

use super::{
    create_task::CreateTask, first_occurrences::FirstOccurrences, operation::Operation,
    unit_of_work::UnitOfWork,
};
use crate::{
    app::App,
    domain::{Change, Task},
    error::Error,
    metrics,
};

/// Creations that wait while a transaction runs before a second one begins beside it.
const MIN_BESIDE: usize = 32;

/// Creates tasks, several in one transaction under load.
#[derive(Debug, Clone)]
pub struct TaskCreator(Batcher<Creation, Option<Result<Task, Error>>>);

struct Creation {
    app: App,
    caller: Caller,
    operation: CreateTask,
    span: Span,
    trace: Option<TraceContext>,
}

impl TaskCreator {
    /// Creates a creator.
    pub fn new() -> Self {
        Self(Batcher::new(MIN_BESIDE, create_all))
    }

    /// Creates a task together with others. Returns nothing if the transaction was rolled back, perhaps because of one of the
    /// others. Fails with [`Error::Database`] if the database is unavailable; then the task may have been created.
    pub async fn create(
        &self,
        app: &App,
        caller: &Caller,
        operation: &CreateTask,
    ) -> Result<Option<Task>, Error> {
        let creation = Creation {
            app: app.clone(),
            caller: caller.clone(),
            operation: operation.clone(),
            span: Span::current(),
            trace: propagation::current(),
        };
        self.0.call(creation).await?.transpose()
    }
}

/// Returns the result of each creation; nothing if all were rolled back.
async fn create_all(
    creations: Vec<Creation>,
) -> Result<Vec<Option<Result<Task, Error>>>, DatabaseError> {
    let Some(Creation { app, .. }) = creations.first() else {
        return Ok(Vec::new());
    };
    let written = app
        .database
        .transaction(CreateTask::NAME, async |tx: &mut AsyncPgConnection| {
            create_in(tx, app, &creations).await
        })
        .await;
    match written {
        Ok((answers, changes)) => {
            changes.into_iter().for_each(metrics::count);
            Ok(answers.into_iter().map(Some).collect())
        }
        Err(Error::Database(error @ DatabaseError::Unavailable(_))) => Err(error),
        Err(error) => {
            debug!(%error, "shared transaction rolled back, creating each task alone");
            Ok(creations.iter().map(|_| None).collect())
        }
    }
}

async fn create_in(
    tx: &mut AsyncPgConnection,
    app: &App,
    creations: &[Creation],
) -> Result<(Vec<Result<Task, Error>>, Vec<Change>), Error> {
    let Some(first) = creations.first() else {
        return Ok(Default::default());
    };
    let none = FirstOccurrences::default();
    let mut work = UnitOfWork::new(app, &first.caller, tx, &none);
    let users = creations.iter().map(|creation| &creation.caller.user_id);
    let tags = creations.iter().flat_map(|creation| {
        let user_id = &creation.caller.user_id;
        let tags = creation.operation.tags().iter();
        tags.map(move |tag| (user_id, tag.key()))
    });
    work.share(users, &Vec::from_iter(tags)).await?;
    let mut answers = Vec::new();
    for creation in creations {
        work.next_call(&creation.caller);
        let running = creation.operation.run(&mut work);
        let running = running.instrument(creation.span.clone());
        let answer = match creation.trace {
            Some(trace) => propagation::with_context(trace, running).await,
            None => running.await,
        };
        answers.push(match answer {
            // A creation with faults has written nothing.
            Err(error @ Error::Invalid(_)) => Err(error),
            answer => Ok(answer?),
        });
    }
    Ok((answers, work.finish().await?))
}
