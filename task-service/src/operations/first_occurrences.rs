//! First occurrences of new series. The recurrence-service computes them before the transaction that begins the series.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use futures::{StreamExt, TryStreamExt, stream};
use service_runtime::grpc::Caller;
use tokio::sync::OnceCell;

use crate::{
    app::App,
    domain::{FirstOccurrence, Repetition, Task, TaskId, TimeZone, Violations},
    error::Error,
    store,
};

const MAX_CALLS_IN_FLIGHT: usize = 16;

/// First occurrences, or the faults of rules, by what they depend on.
#[derive(Debug, Default)]
pub struct FirstOccurrences(HashMap<Repetition, Result<FirstOccurrence, Violations>>);

impl FirstOccurrences {
    /// Calls the recurrence-service once for each repetition.
    pub async fn request(
        app: &App,
        caller: &Caller,
        repetitions: HashSet<Repetition>,
    ) -> Result<Self, Error> {
        stream::iter(repetitions)
            .map(|repetition| async {
                let client = &app.recurrence;
                match client.first_occurrence(&caller.user_id, &repetition).await {
                    Ok(first) => Ok((repetition, Ok(first))),
                    Err(Error::Invalid(violations)) => Ok((repetition, Err(violations))),
                    Err(error) => Err(error),
                }
            })
            .buffer_unordered(MAX_CALLS_IN_FLIGHT)
            .try_collect()
            .await
            .map(Self)
    }

    /// Returns a first occurrence; fails with [`Error::Busy`] if the task or the settings have changed since the request.
    pub fn get(&self, repetition: &Repetition) -> Result<FirstOccurrence, Error> {
        match self.0.get(repetition) {
            Some(Ok(first)) => Ok(*first),
            Some(Err(violations)) => Err(violations.clone().into()),
            None => Err(Error::Busy),
        }
    }
}

/// Committed state before a transaction, which shows the series that the transaction will begin.
pub struct Preview<'a> {
    /// Application.
    pub app: &'a App,
    /// Caller.
    pub caller: &'a Caller,
    user_zone: OnceCell<TimeZone>,
}

impl<'a> Preview<'a> {
    /// Reads nothing yet.
    pub fn new(app: &'a App, caller: &'a Caller) -> Self {
        Self {
            app,
            caller,
            user_zone: OnceCell::new(),
        }
    }

    /// Returns a task.
    pub async fn task(&self, id: TaskId) -> Result<Option<Arc<Task>>, Error> {
        Ok(self.app.tasks.find(&self.caller.user_id, id).await?)
    }

    /// Returns the time zone of the caller.
    pub async fn user_zone(&self) -> Result<TimeZone, Error> {
        let read = async || {
            let database = &self.app.database;
            let user_id = &self.caller.user_id;
            let settings = store::settings::read(database, "user_zone", user_id).await?;
            Ok(settings.time_zone)
        };
        self.user_zone.get_or_try_init(read).await.cloned()
    }
}
