use std::{error::Error as StdError, sync::Arc};

use diesel::result::{DatabaseErrorKind, Error};

use crate::BoxError;

/// What went wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The database cannot be reached or refuses to work just now; later it may.
    #[error("the database is unavailable")]
    Unavailable(#[source] BoxError),
    /// A statement failed.
    #[error("a database statement failed")]
    Query(#[source] Error),
}

/// An error that may have come from the database; a transaction asks it whether another try makes sense.
pub trait DatabaseFault {
    /// Returns the database's error, if that is what this is.
    fn database_error(&self) -> Option<&DatabaseError>;
}

impl DatabaseFault for DatabaseError {
    fn database_error(&self) -> Option<&DatabaseError> {
        Some(self)
    }
}

impl DatabaseError {
    /// Returns an error for one of several who share the same.
    pub fn shared(error: &Arc<Self>) -> Self {
        let cause = Box::new(Arc::clone(error));
        match &**error {
            Self::Unavailable(_) => Self::Unavailable(cause),
            Self::Query(_) => Self::Query(Error::QueryBuilderError(cause)),
        }
    }

    /// Returns an error for a stored value that cannot be read.
    pub fn invalid_value(cause: impl Into<BoxError>) -> Self {
        Self::Query(Error::DeserializationError(cause.into()))
    }

    /// Returns the result of statements that were sent together: the error of the one that failed first, not of those that
    /// were refused because of it.
    pub fn first_of(results: impl IntoIterator<Item = Result<(), Self>>) -> Result<(), Self> {
        let errors = results.into_iter().filter_map(Result::err);
        errors.min_by_key(Self::is_consequence).map_or(Ok(()), Err)
    }

    fn is_consequence(&self) -> bool {
        match self {
            Self::Query(Error::DatabaseError(_, info)) => {
                info.message().starts_with("current transaction is aborted")
            }
            _ => false,
        }
    }

    /// Returns whether another transaction was in the way, so that the same work may succeed at once.
    pub(crate) fn is_conflict(&self) -> bool {
        match self {
            Self::Query(Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
            // diesel passes no SQLSTATE on; 40P01 is told by its words.
            Self::Query(Error::DatabaseError(DatabaseErrorKind::Unknown, info)) => {
                info.message() == "deadlock detected"
            }
            _ => false,
        }
    }

    /// Returns whether the statement was refused because a text has U+0000, which PostgreSQL cannot store.
    pub fn is_unstorable_text(&self) -> bool {
        matches!(self, Self::Query(error) if is_unstorable_text(error))
    }

    /// Returns whether an error was caused by a text that PostgreSQL cannot store.
    pub(crate) fn unstorable_text_in(error: &(dyn StdError + 'static)) -> bool {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if error.downcast_ref().is_some_and(Self::is_unstorable_text)
                || error.downcast_ref().is_some_and(is_unstorable_text)
            {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

/// SQLSTATE 22021 and 22P05, which diesel does not pass on.
fn is_unstorable_text(error: &Error) -> bool {
    match error {
        Error::DatabaseError(DatabaseErrorKind::Unknown, info) => {
            info.message()
                .starts_with("invalid byte sequence for encoding")
                || info.message() == "unsupported Unicode escape sequence"
        }
        _ => false,
    }
}

impl From<Error> for DatabaseError {
    fn from(error: Error) -> Self {
        // What the server says when it is stopping, starting, full, or too slow (diesel passes no SQLSTATE on).
        const PASSING: [&str; 5] = [
            "terminating connection",
            "the database system is",
            "sorry, too many clients",
            "remaining connection slots",
            "canceling statement due to statement timeout",
        ];
        let unavailable = match &error {
            Error::DatabaseError(
                DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection,
                _,
            )
            | Error::BrokenTransactionManager => true,
            Error::DatabaseError(DatabaseErrorKind::Unknown, info) => PASSING
                .iter()
                .any(|beginning| info.message().starts_with(beginning)),
            _ => false,
        };
        if unavailable {
            Self::Unavailable(error.into())
        } else {
            Self::Query(error)
        }
    }
}
