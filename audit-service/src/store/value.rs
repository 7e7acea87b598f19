//! Values in columns that have a type of their own here.

use service_runtime::{BoxError, ids::UserId, postgres::DatabaseError};

use crate::domain::hash::Hash;

/// A value in a column that nothing of this service has written.
#[derive(Debug, thiserror::Error)]
#[error("column {column} holds a value that this service has not written")]
struct StrangeValue {
    column: &'static str,
    #[source]
    cause: BoxError,
}

pub(super) fn strange(column: &'static str, cause: impl Into<BoxError>) -> DatabaseError {
    let error = StrangeValue {
        column,
        cause: cause.into(),
    };
    diesel::result::Error::DeserializationError(error.into()).into()
}

pub(super) fn hash(column: &'static str, bytes: &[u8]) -> Result<Hash, DatabaseError> {
    bytes
        .try_into()
        .map_err(|cause: std::array::TryFromSliceError| strange(column, cause))
}

pub(super) fn user_id(text: &str) -> Result<UserId, DatabaseError> {
    text.parse()
        .map_err(|cause: service_runtime::ids::InvalidUserId| strange("user_id", cause))
}
