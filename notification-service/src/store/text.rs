//! Values in text columns.

use std::str::FromStr;

use service_runtime::{BoxError, ids::UserId, postgres::DatabaseError};

/// A value in a column that this version of the service does not know.
#[derive(Debug, thiserror::Error)]
#[error("column {column} holds a value that this version does not know")]
struct UnknownValue {
    column: &'static str,
    #[source]
    cause: BoxError,
}

/// Reads a column's text as the type that it was written from.
pub(super) fn parse<T>(column: &'static str, text: &str) -> Result<T, DatabaseError>
where
    T: FromStr<Err: Into<BoxError>>,
{
    text.parse().map_err(|cause: T::Err| {
        let cause = cause.into();
        let error = UnknownValue { column, cause };
        diesel::result::Error::DeserializationError(error.into()).into()
    })
}

pub(super) fn user_id(text: &str) -> Result<UserId, DatabaseError> {
    parse("user_id", text)
}
