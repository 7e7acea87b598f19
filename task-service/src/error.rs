use service_runtime::{
    grpc::{ApiError, ErrorCode, FieldViolation, UpstreamError, error::STALE_ETAG},
    idempotency::IdempotencyConflict,
    postgres::{DatabaseError, DatabaseFault},
};

use uuid::Uuid;

use crate::domain::{Etag, OperationId, SeriesId, TaskId, Violations, filter::FilterError};

/// Why a call was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields of the request are wrong.
    #[error("the request has invalid fields")]
    Invalid(Violations),
    /// A filter cannot be understood.
    #[error("{field} is wrong {error}")]
    InvalidFilter {
        /// The field of the request.
        field: &'static str,
        /// Fault and its position.
        error: FilterError,
    },
    /// The caller has no such task; others may.
    #[error("task {0} does not exist; list the tasks to find its id")]
    TaskNotFound(TaskId),
    /// The caller has no such series; others may.
    #[error("series {0} does not exist")]
    SeriesNotFound(SeriesId),
    /// The caller has no such category, tag or saved filter; others may.
    #[error("{kind} {id} does not exist; list them to find its id")]
    NamedNotFound {
        /// Kind.
        kind: &'static str,
        /// Its id.
        id: Uuid,
    },
    /// The caller made no such operation, or too long ago.
    #[error(
        "operation {0} does not exist, changed nothing, or is older than 30 days, so that it cannot be undone"
    )]
    OperationNotFound(OperationId),
    /// Another category, tag or saved filter has the name.
    #[error("the {kind} {name:?} already exists; choose another name, or use that one")]
    NameTaken {
        /// Kind.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// The thing changed since the caller read it.
    #[error(
        "{id} has changed since it was read; read it again and repeat the change with its new etag"
    )]
    StaleEtag {
        /// The task, category, tag or saved filter.
        id: Uuid,
        /// Current etag.
        current: Etag,
    },
    /// The settings changed since the caller read them.
    #[error(
        "the settings have changed since they were read; read them again and repeat the change with their new etag"
    )]
    StaleSettings(Etag),
    /// The request_id was used for another call.
    #[error(transparent)]
    IdempotencyConflict(#[from] IdempotencyConflict),
    /// A task with open parts is not done.
    #[error(
        "task {id} has {count} open subtasks ({}); complete them first, or set complete_children",
        titles(parts)
    )]
    OpenParts {
        /// The task.
        id: TaskId,
        /// Some of its open parts.
        parts: Vec<(TaskId, String)>,
        /// Number of all open subtasks.
        count: usize,
    },
    /// A task waits for others.
    #[error(
        "task {id} is blocked by {}; complete that first, or remove it from depends_on",
        titles(blocked_by)
    )]
    TaskBlocked {
        /// The task.
        id: TaskId,
        /// Open dependencies.
        blocked_by: Vec<(TaskId, String)>,
    },
    /// A part cannot come back before the whole.
    #[error("task {id} is a subtask of task {parent}, which is deleted; restore that task first")]
    ParentDeleted {
        /// The task.
        id: TaskId,
        /// The task that it is a part of.
        parent: TaskId,
    },
    /// One item of a batch is wrong, and so nothing was done.
    #[error("nothing was changed because of {field}[{index}]: {cause}")]
    Item {
        /// Field of the items in the request.
        field: &'static str,
        /// The place of the item, from 0.
        index: usize,
        /// Error of the item.
        cause: Box<Self>,
        /// Faults in the fields of later items.
        others: Violations,
    },
    /// The task is deleted, and so nothing else can be done with it.
    #[error("task {0} is deleted; restore it first")]
    TaskDeleted(TaskId),
    /// The task is done, and so is its place in its series.
    #[error(
        "task {0} is completed, so its recurrence cannot change; change the next occurrence, or reopen this one first"
    )]
    TaskCompleted(TaskId),
    /// Other calls kept changing the same data.
    #[error("other calls changed the same data at the same time; try again")]
    Busy,
    /// A part of a file could not be written.
    #[error("writing a part of the file failed")]
    Unwritten(#[source] std::io::Error),
    /// The call is for one service of the mesh only.
    #[error(
        "only the recurrence-service may create occurrences; complete a recurring task to get the next one"
    )]
    NotTheRecurrenceService,
    /// The recurrence-service could not be asked.
    #[error("the call to the recurrence-service failed")]
    Recurrence(#[from] UpstreamError),
    /// The recurrence-service answered something that makes no sense.
    #[error("the response of the recurrence-service has no {0}")]
    RecurrenceAnswer(&'static str),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] DatabaseError),
}

fn ids(tasks: &[(TaskId, String)]) -> String {
    let ids: Vec<String> = tasks.iter().map(|(id, _)| id.to_string()).collect();
    ids.join(",")
}

/// Names tasks by their titles.
fn titles(tasks: &[(TaskId, String)]) -> String {
    let titles: Vec<String> = tasks
        .iter()
        .map(|(id, title)| format!("{title:?} {id}"))
        .collect();
    titles.join(", ")
}

impl Error {
    /// Returns that a field is wrong.
    pub fn field(field: &str, wrong: impl ToString) -> Self {
        Violations::of(field, wrong).into()
    }

    /// Returns both values if both are valid, or the faults in the fields of both.
    pub fn both<A, B>(one: Result<A, Violations>, other: Result<B, Self>) -> Result<(A, B), Self> {
        match (one, other) {
            (Ok(one), Ok(other)) => Ok((one, other)),
            (Err(mut violations), Err(Self::Invalid(more))) => {
                violations.extend(more);
                Err(Self::Invalid(violations))
            }
            (Err(mut violations), Err(Self::InvalidFilter { field, error })) => {
                violations.push(field, error);
                Err(Self::Invalid(violations))
            }
            // The call runs again, and may find more faults.
            (_, Err(Self::Busy)) => Err(Self::Busy),
            (Err(violations), _) => Err(Self::Invalid(violations)),
            (Ok(_), Err(error)) => Err(error),
        }
    }
}

/// Returns what is wrong with the fields of an item of a batch, each with its path in the request.
pub fn within_item(field: &str, index: usize, cause: &Error) -> Vec<FieldViolation> {
    let within = |violation: FieldViolation| {
        let name = format!("{field}[{index}].{}", violation.field);
        FieldViolation::new(name, violation.description)
    };
    cause.violations().into_iter().map(within).collect()
}

impl From<Violations> for Error {
    fn from(violations: Violations) -> Self {
        Self::Invalid(violations)
    }
}

impl DatabaseFault for Error {
    fn database_error(&self) -> Option<&DatabaseError> {
        match self {
            Self::Database(error) => Some(error),
            Self::Item { cause, .. } => cause.database_error(),
            _ => None,
        }
    }
}

impl Error {
    fn code_and_reason(&self) -> (ErrorCode, &'static str) {
        match self {
            Self::Invalid(_) | Self::InvalidFilter { .. } => {
                (ErrorCode::InvalidArgument, "INVALID_FIELD")
            }
            Self::TaskNotFound(_) => (ErrorCode::NotFound, "TASK_NOT_FOUND"),
            Self::SeriesNotFound(_) => (ErrorCode::NotFound, "SERIES_NOT_FOUND"),
            Self::NamedNotFound { .. } => (ErrorCode::NotFound, "NAME_NOT_FOUND"),
            Self::OperationNotFound(_) => (ErrorCode::NotFound, "OPERATION_NOT_FOUND"),
            Self::NameTaken { .. } => (ErrorCode::AlreadyExists, "NAME_TAKEN"),
            Self::IdempotencyConflict(_) => (ErrorCode::AlreadyExists, "IDEMPOTENCY_CONFLICT"),
            Self::StaleEtag { .. } | Self::StaleSettings(_) => (ErrorCode::StaleEtag, STALE_ETAG),
            Self::TaskDeleted(_) => (ErrorCode::FailedPrecondition, "TASK_DELETED"),
            Self::TaskCompleted(_) => (ErrorCode::FailedPrecondition, "TASK_COMPLETED"),
            Self::OpenParts { .. } => (ErrorCode::FailedPrecondition, "OPEN_PARTS"),
            Self::TaskBlocked { .. } => (ErrorCode::FailedPrecondition, "TASK_BLOCKED"),
            Self::ParentDeleted { .. } => (ErrorCode::FailedPrecondition, "PARENT_DELETED"),
            Self::Busy => (ErrorCode::Aborted, "BUSY"),
            Self::Item { cause, .. } => cause.code_and_reason(),
            Self::NotTheRecurrenceService => (ErrorCode::PermissionDenied, "INTERNAL_RPC"),
            Self::Recurrence(error) => (error.code(), error.reason()),
            Self::RecurrenceAnswer(_) => (ErrorCode::Internal, "UPSTREAM_FAILED"),
            Self::Unwritten(_) => (ErrorCode::Internal, "INTERNAL"),
            Self::Database(DatabaseError::Unavailable(_)) => {
                (ErrorCode::Unavailable, "DATABASE_UNAVAILABLE")
            }
            Self::Database(DatabaseError::Query(_)) => (ErrorCode::Internal, "DATABASE_FAILED"),
        }
    }
}

impl ApiError for Error {
    fn code(&self) -> ErrorCode {
        self.code_and_reason().0
    }

    fn reason(&self) -> &'static str {
        self.code_and_reason().1
    }

    fn violations(&self) -> Vec<FieldViolation> {
        match self {
            Self::Invalid(violations) => violations.as_slice().to_vec(),
            Self::InvalidFilter { field, error } => {
                vec![FieldViolation::new(*field, error.to_string())]
            }
            Self::Item {
                field,
                index,
                cause,
                others,
            } => {
                let mut violations = within_item(field, *index, cause);
                violations.extend(others.as_slice().iter().cloned());
                violations
            }
            _ => Vec::new(),
        }
    }

    fn metadata(&self) -> Vec<(String, String)> {
        let pair = |name: &str, value: &dyn ToString| (name.to_owned(), value.to_string());
        match self {
            Self::InvalidFilter { error, .. } => vec![pair("position", &error.position)],
            Self::TaskNotFound(id)
            | Self::TaskDeleted(id)
            | Self::TaskCompleted(id)
            | Self::ParentDeleted { id, .. } => vec![pair("task_id", id)],
            Self::OpenParts { id, parts, .. } => {
                vec![pair("task_id", id), ("open_parts".to_owned(), ids(parts))]
            }
            Self::TaskBlocked { id, blocked_by } => {
                vec![
                    pair("task_id", id),
                    ("blocked_by".to_owned(), ids(blocked_by)),
                ]
            }
            Self::NamedNotFound { id, .. } => vec![pair("id", id)],
            Self::OperationNotFound(id) => vec![pair("operation_id", id)],
            Self::NameTaken { name, .. } => vec![pair("name", name)],
            Self::StaleSettings(current) => vec![pair("etag", current)],
            Self::Item { index, cause, .. } => {
                let mut metadata = cause.metadata();
                metadata.push(pair("index", index));
                metadata
            }
            Self::SeriesNotFound(id) => vec![pair("series_id", id)],
            Self::StaleEtag { id, current } => {
                vec![pair("id", id), pair("etag", current)]
            }
            _ => Vec::new(),
        }
    }
}
