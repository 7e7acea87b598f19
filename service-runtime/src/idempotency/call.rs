use prost::Message;

use super::{IdempotencyKey, Known, Response};
use crate::{
    grpc::{Caller, FieldViolation},
    ids::UserId,
    postgres::{AsyncPgConnection, Database, DatabaseError, DatabaseFault, Work},
};

/// A call that writes, which may come again, or be only a rehearsal.
#[derive(Debug, Clone)]
pub struct Call {
    /// Caller.
    pub caller: Caller,
    /// Identity of the call, if the caller may repeat it.
    key: Option<IdempotencyKey>,
    /// True if the call is only checked.
    validate_only: bool,
}

/// The id of a call was used for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "request_id was used for a different call; use a new UUID for each call, and the same values in a retry"
)]
pub struct IdempotencyConflict;

/// Reason why a transaction was not committed.
enum Stopped<M, E> {
    /// It failed.
    Failed(E),
    /// It was a rehearsal, which would have answered this.
    Rehearsed(M),
}

impl Call {
    /// Takes what steers a call, its `request_id` (a UUID or empty) and whether it is only checked, and what it asks for: the
    /// method's name and the message without those two.
    pub fn new(
        caller: Caller,
        request_id: &str,
        validate_only: bool,
        method: &str,
        message: &impl Message,
    ) -> Result<Self, FieldViolation> {
        let key = match request_id {
            "" => None,
            id => {
                let id = id.parse().map_err(|_| {
                    let wrong = "must be a UUID, a new one for each call; or leave it out";
                    FieldViolation::new("request_id", wrong)
                })?;
                Some(IdempotencyKey::new(id, method, message))
            }
        };
        Ok(Self {
            caller,
            key,
            validate_only,
        })
    }

    /// Returns a call that is only checked.
    pub fn rehearsal(caller: Caller) -> Self {
        Self {
            caller,
            key: None,
            validate_only: true,
        }
    }

    /// Returns a call that comes without an id and is no rehearsal.
    pub fn without_id(caller: Caller) -> Self {
        Self {
            caller,
            key: None,
            validate_only: false,
        }
    }

    /// Returns whether the call comes without an id and is no rehearsal.
    pub fn is_plain(&self) -> bool {
        self.key.is_none() && !self.validate_only
    }

    /// Does the work in one transaction, and returns its answer and its result.
    ///
    /// The result is missing if nothing was changed now: a call that was answered before gets its first answer again, and a
    /// rehearsal is rolled back. The same call coming twice at once waits for the first one to end. As with any transaction,
    /// the work can run more than once.
    pub async fn write<M, T, E, F>(
        &self,
        database: &Database,
        name: &'static str,
        work: F,
    ) -> Result<(M, Option<T>), E>
    where
        F: for<'r> Work<&'r mut AsyncPgConnection, Result<(M, T), E>, Fut: Send> + Send + Sync,
        E: From<DatabaseError> + From<IdempotencyConflict> + DatabaseFault + Send,
        M: Response,
        T: Send,
    {
        let written = database
            .transaction(name, async |tx: &mut AsyncPgConnection| {
                self.attempt(tx, &work).await
            })
            .await;
        match written {
            Ok(written) => Ok(written),
            Err(Stopped::Rehearsed(answer)) => Ok((answer, None)),
            Err(Stopped::Failed(error)) => Err(error),
        }
    }

    async fn attempt<M, T, E, F>(
        &self,
        tx: &mut AsyncPgConnection,
        work: &F,
    ) -> Result<(M, Option<T>), Stopped<M, E>>
    where
        F: for<'r> Work<&'r mut AsyncPgConnection, Result<(M, T), E>, Fut: Send> + Send + Sync,
        E: From<DatabaseError> + From<IdempotencyConflict> + DatabaseFault + Send,
        M: Response,
        T: Send,
    {
        let user_id = &self.caller.user_id;
        if let Some(answer) = self.first_answer(tx, user_id).await? {
            return Ok((answer, None));
        }
        let (answer, result) = work(tx).await.map_err(Stopped::Failed)?;
        if self.validate_only {
            return Err(Stopped::Rehearsed(answer));
        }
        if let Some(key) = &self.key {
            key.keep(tx, user_id, &answer.encode_to_vec()).await?;
        }
        Ok((answer, Some(result)))
    }

    async fn first_answer<M, E>(
        &self,
        tx: &mut AsyncPgConnection,
        user_id: &UserId,
    ) -> Result<Option<M>, Stopped<M, E>>
    where
        E: From<DatabaseError> + From<IdempotencyConflict>,
        M: Response,
    {
        let Some(key) = &self.key else {
            return Ok(None);
        };
        match key.claim(tx, user_id).await? {
            Known::New => Ok(None),
            Known::Answered(bytes) => {
                let unreadable = |error: prost::DecodeError| {
                    diesel::result::Error::DeserializationError(error.into())
                };
                let answer = M::decode(bytes.as_slice()).map_err(unreadable);
                Ok(Some(answer.map_err(DatabaseError::from)?))
            }
            Known::Conflict => Err(Stopped::Failed(IdempotencyConflict.into())),
        }
    }
}

impl<M, E: From<DatabaseError>> From<DatabaseError> for Stopped<M, E> {
    fn from(error: DatabaseError) -> Self {
        Self::Failed(error.into())
    }
}

impl<M, E: DatabaseFault> DatabaseFault for Stopped<M, E> {
    fn database_error(&self) -> Option<&DatabaseError> {
        match self {
            Self::Failed(error) => error.database_error(),
            Self::Rehearsed(_) => None,
        }
    }
}
