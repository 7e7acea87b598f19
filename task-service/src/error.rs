use service_runtime::{
    grpc::{ApiError, ErrorCode, FieldViolation, UpstreamError, error::STALE_ETAG},
    postgres::{DatabaseError, DatabaseFault},
};

use crate::domain::{Etag, SeriesId, TaskId, Violations};

/// Why a call was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields of the request are wrong.
    #[error("the request has invalid fields")]
    Invalid(Violations),
    /// The caller has no such task; others may.
    #[error("task {0} does not exist; list the tasks to find its id")]
    TaskNotFound(TaskId),
    /// The caller has no such series; others may.
    #[error("series {0} does not exist")]
    SeriesNotFound(SeriesId),
    /// The task changed since the caller read it.
    #[error(
        "task {task_id} has changed since it was read; get it again and repeat the change with its new etag"
    )]
    StaleEtag {
        /// The task.
        task_id: TaskId,
        /// What the etag is now.
        current: Etag,
    },
    /// The task is deleted, and so nothing else can be done with it.
    #[error("task {0} is deleted; undelete it first")]
    TaskDeleted(TaskId),
    /// The task is done, and so is its place in its series.
    #[error(
        "task {0} is completed, so its recurrence stays as it was; change the next occurrence, or reopen this one first"
    )]
    TaskCompleted(TaskId),
    /// Others kept changing the task.
    #[error("task {0} was changed by others at the same time; try again")]
    TaskBusy(TaskId),
    /// The call is for one service of the mesh only.
    #[error(
        "only the recurrence-service may create occurrences; complete a recurring task to get the next one"
    )]
    NotTheRecurrenceService,
    /// The recurrence-service could not be asked.
    #[error("the recurrence-service could not be asked")]
    Recurrence(#[from] UpstreamError),
    /// The recurrence-service answered something that makes no sense.
    #[error("the recurrence-service answered without {0}")]
    RecurrenceAnswer(&'static str),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] DatabaseError),
}

impl Error {
    /// Returns both values if both are right; what is wrong with fields of either is told at once.
    pub fn both<A, B>(one: Result<A, Violations>, other: Result<B, Self>) -> Result<(A, B), Self> {
        match (one, other) {
            (Ok(one), Ok(other)) => Ok((one, other)),
            (Err(mut violations), Err(Self::Invalid(more))) => {
                violations.extend(more);
                Err(Self::Invalid(violations))
            }
            (Err(violations), _) => Err(Self::Invalid(violations)),
            (Ok(_), Err(error)) => Err(error),
        }
    }
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
            _ => None,
        }
    }
}

impl ApiError for Error {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(_) => ErrorCode::InvalidArgument,
            Self::TaskNotFound(_) | Self::SeriesNotFound(_) => ErrorCode::NotFound,
            Self::StaleEtag { .. } => ErrorCode::StaleEtag,
            Self::TaskDeleted(_) | Self::TaskCompleted(_) => ErrorCode::FailedPrecondition,
            Self::TaskBusy(_) => ErrorCode::Aborted,
            Self::NotTheRecurrenceService => ErrorCode::PermissionDenied,
            Self::Recurrence(error) => error.code(),
            Self::Database(DatabaseError::Unavailable(_)) => ErrorCode::Unavailable,
            Self::RecurrenceAnswer(_) | Self::Database(DatabaseError::Query(_)) => {
                ErrorCode::Internal
            }
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "INVALID_FIELD",
            Self::TaskNotFound(_) => "TASK_NOT_FOUND",
            Self::SeriesNotFound(_) => "SERIES_NOT_FOUND",
            Self::StaleEtag { .. } => STALE_ETAG,
            Self::TaskDeleted(_) => "TASK_DELETED",
            Self::TaskCompleted(_) => "TASK_COMPLETED",
            Self::TaskBusy(_) => "TASK_BUSY",
            Self::NotTheRecurrenceService => "INTERNAL_RPC",
            Self::Recurrence(error) => error.reason(),
            Self::RecurrenceAnswer(_) => "UPSTREAM_FAILED",
            Self::Database(DatabaseError::Unavailable(_)) => "DATABASE_UNAVAILABLE",
            Self::Database(DatabaseError::Query(_)) => "DATABASE_FAILED",
        }
    }

    fn violations(&self) -> Vec<FieldViolation> {
        match self {
            Self::Invalid(violations) => violations.as_slice().to_vec(),
            _ => Vec::new(),
        }
    }

    fn metadata(&self) -> Vec<(String, String)> {
        let pair = |name: &str, value: &dyn ToString| (name.to_owned(), value.to_string());
        match self {
            Self::TaskNotFound(id)
            | Self::TaskDeleted(id)
            | Self::TaskCompleted(id)
            | Self::TaskBusy(id) => {
                vec![pair("task_id", id)]
            }
            Self::SeriesNotFound(id) => vec![pair("series_id", id)],
            Self::StaleEtag { task_id, current } => {
                vec![pair("task_id", task_id), pair("etag", current)]
            }
            _ => Vec::new(),
        }
    }
}
