use chrono::{DateTime, Utc};
use service_runtime::{
    filter::{FilterError, Now},
    grpc::FieldViolation,
    ids::UserId,
    task_filter::{TaskField, TaskFilter},
    time_zone::TimeZone,
};
use taskmesh_proto::{realtime::v1::TaskChange, task::v1::Task};

use crate::{app::App, domain::Matching, error::Error};

/// Filter of a stream, evaluated on the version of a task that an event reports.
#[derive(Debug)]
pub struct StreamFilter {
    filter: TaskFilter,
    zone: TimeZone,
    shows_completed: bool,
}

impl StreamFilter {
    /// Parses the filter of a request, with the saved filter and the time zone that the user has now; none if all tasks match.
    pub async fn resolve(
        app: &App,
        user: &UserId,
        matching: &Matching,
    ) -> Result<Option<Self>, Error> {
        if matching.is_everything() {
            return Ok(None);
        }
        // The task-service refuses what it would refuse in a list, such as a category that does not exist.
        app.tasks.check(user, matching).await?;
        let mut filter = parse("filter", &matching.filter)?;
        if !matching.saved_filter.is_empty() {
            let saved = app.tasks.saved_filter(user, &matching.saved_filter).await?;
            filter = filter.and(parse("saved_filter", &saved)?);
        }
        let decides = filter.names(&[TaskField::State, TaskField::Complete]);
        Ok(Some(Self {
            filter,
            zone: app.tasks.time_zone(user).await?,
            shows_completed: matching.show_completed || decides,
        }))
    }

    /// Returns whether a task matches at a time.
    pub fn matches(&self, task: &Task, time: DateTime<Utc>) -> bool {
        task.delete_time.is_none()
            && (self.shows_completed || task.complete_time.is_none())
            && self.filter.matches(task, &Now::new(time, &self.zone))
    }
}

fn parse(field: &str, text: &str) -> Result<TaskFilter, Error> {
    let refuse = |error: FilterError| {
        Error::InvalidFields(vec![FieldViolation::new(field, error.to_string())])
    };
    TaskFilter::parse(text).map_err(refuse)
}

/// Returns whether a change may affect which tasks match.
pub fn depends_on(matching: &Matching, change: &TaskChange) -> bool {
    change.settings.is_some()
        || (change.saved_filter.is_some() && !matching.saved_filter.is_empty())
}
