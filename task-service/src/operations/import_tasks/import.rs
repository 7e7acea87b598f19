use std::collections::HashSet;

use service_runtime::{grpc::Caller, postgres::AsyncPgConnection};

use super::{content::Draft, known::KnownTasks, plan::Plan};
use crate::{
    app::App,
    domain::{OperationId, Repetition, TimeZone},
    error::Error,
    files::{Contents, Format, Loss, read},
    operations::{first_occurrences::Preview, operation::Operation, unit_of_work::UnitOfWork},
    store,
};

/// Creates the tasks of a file that do not exist yet.
pub struct ImportTasks {
    format: Format,
    contents: Contents,
    user_zone: TimeZone,
}

/// Result of an import.
#[derive(Debug)]
pub struct Imported {
    /// The write that created the tasks; none if there were none to create.
    pub operation_id: Option<OperationId>,
    /// Number of created tasks.
    pub created: usize,
    /// Number of tasks that existed.
    pub existing: usize,
    /// Number of tasks that could not be imported.
    pub failed: usize,
    /// Losses.
    pub losses: Vec<Loss>,
}

impl ImportTasks {
    /// Reads a file; times that name no zone are meant in the user's.
    pub async fn read(
        app: &App,
        caller: &Caller,
        content_type: &str,
        bytes: Vec<u8>,
    ) -> Result<Self, Error> {
        let format = Format::of_file(content_type, &bytes)
            .map_err(|error| Error::field("file.content_type", error))?;
        let (database, user_id) = (&app.database, &caller.user_id);
        let settings = store::settings::read(database, Self::NAME, user_id).await?;
        let user_zone = settings.time_zone;
        let zone = user_zone.clone();
        // Megabytes of text: not on a thread that answers other calls.
        let reading = tokio::task::spawn_blocking(move || read(format, &bytes, zone.as_ref()));
        match reading.await {
            Ok(contents) => Ok(Self {
                format,
                contents: contents.map_err(|error| Error::field("file", error))?,
                user_zone,
            }),
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Error::Busy),
            },
        }
    }
}

impl Operation for ImportTasks {
    const NAME: &'static str = "import_tasks";
    type Answer = Imported;

    async fn new_series(&self, preview: &Preview<'_>) -> Result<HashSet<Repetition>, Error> {
        let Contents { tasks, .. } = &self.contents;
        if tasks.iter().all(|file| file.recurrence_rule.is_empty()) {
            return Ok(HashSet::new());
        }
        let (app, user_id) = (preview.app, &preview.caller.user_id);
        let known = app
            .database
            .read(Self::NAME, async |tx: &mut AsyncPgConnection| {
                KnownTasks::find(tx, user_id, tasks).await
            })
            .await?;
        let new = tasks
            .iter()
            .filter(|file| known.get(&file.identity).is_none());
        let schedules = new.map(|file| Draft::new(file, self.format).schedule(&self.user_zone));
        Ok(schedules
            .filter_map(|schedule| schedule.repetition())
            .collect())
    }

    async fn run(&self, work: &mut UnitOfWork<'_>) -> Result<Imported, Error> {
        let user_id = &work.caller().user_id;
        // Also keeps two imports of one user apart: the second one finds what the first one created.
        store::hierarchy::lock(work.tx(), user_id).await?;
        let mut plan = Plan::make(work, self.format, &self.contents, &self.user_zone).await?;
        plan.begin_series(work)?;
        plan.connect(work).await?;
        plan.label(work).await?;
        plan.carry_out(work)
    }
}
