//! What all writes have in common: one transaction that does what the call asks for, tells the world, keeps what it changed
//! so that it can be undone, and remembers the answer for the same call coming again.

use std::collections::HashMap;

use prost::Message;
use service_runtime::{
    grpc::Caller,
    idempotency::{IdempotencyKey, Known},
    postgres::{AsyncPgConnection, DatabaseError, DatabaseFault},
};

use super::transaction::Write;
use crate::{
    App,
    domain::{Change, FirstOccurrence, Repetition, Violations},
    error::Error,
    metrics,
};

/// How often a call may learn that it must ask the recurrence-service once more, because a task changed meanwhile.
const MOST_ROUNDS: usize = 5;

/// A call that writes.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who makes it.
    pub caller: Caller,
    /// What tells it from other calls, if the caller may make it again.
    pub key: Option<IdempotencyKey>,
    /// Whether it is only checked.
    pub validate_only: bool,
}

/// Something that a call can ask for.
pub trait Operation: Send + Sync {
    /// Its name in logs.
    const NAME: &'static str;
    /// What it answers.
    type Answer: Send;

    /// Does it. It can run more than once, each time in a transaction of its own of which only the last is committed.
    fn run(
        &self,
        write: &mut Write<'_>,
    ) -> impl Future<Output = Result<Self::Answer, Error>> + Send;
}

/// What the recurrence-service answered to questions of this call.
pub type Answers = HashMap<Repetition, Result<FirstOccurrence, Violations>>;

/// Why a transaction was not committed.
enum Stopped<M> {
    /// It failed.
    Failed(Error),
    /// It was a rehearsal, which would have answered this.
    Rehearsed(M),
    /// The same call was answered by another transaction a moment ago.
    Overtaken,
}

/// Does what a call asks for, once however often the call comes, and answers as the first time.
pub async fn write<O, M>(app: &App, call: &Call, operation: &O) -> Result<M, Error>
where
    O: Operation,
    M: Message + Default + for<'a> From<&'a O::Answer>,
{
    let mut answers = Answers::new();
    for _ in 0..=MOST_ROUNDS {
        let result = app
            .database
            .transaction(O::NAME, async |tx: &mut AsyncPgConnection| {
                attempt::<O, M>(app, tx, call, operation, &answers).await
            })
            .await;
        match result {
            Ok((message, changes)) => {
                changes.into_iter().for_each(metrics::count);
                return Ok(message);
            }
            Err(Stopped::Rehearsed(message)) => return Ok(message),
            Err(Stopped::Overtaken) => {}
            Err(Stopped::Failed(Error::Unanswered(questions))) => {
                answers.extend(ask(app, &call.caller, questions).await?);
            }
            Err(Stopped::Failed(error)) => return Err(error),
        }
    }
    Err(Error::Busy)
}

async fn attempt<O, M>(
    app: &App,
    tx: &mut AsyncPgConnection,
    call: &Call,
    operation: &O,
    answers: &Answers,
) -> Result<(M, Vec<Change>), Stopped<M>>
where
    O: Operation,
    M: Message + Default + for<'a> From<&'a O::Answer>,
{
    let user_id = &call.caller.user_id;
    if let Some(key) = &call.key {
        match key.find(tx, user_id).await? {
            Known::New => {}
            Known::Answered(bytes) => {
                let message = M::decode(bytes.as_slice()).map_err(Error::StoredAnswer)?;
                return Ok((message, Vec::new()));
            }
            Known::Conflict => return Err(Error::IdempotencyConflict.into()),
        }
    }
    let mut write = Write::new(app, &call.caller, tx, answers);
    let answer = operation.run(&mut write).await?;
    let changes = write.finish().await?;
    let message = M::from(&answer);
    if call.validate_only {
        return Err(Stopped::Rehearsed(message));
    }
    if let Some(key) = &call.key
        && !key.remember(tx, user_id, &message.encode_to_vec()).await?
    {
        return Err(Stopped::Overtaken);
    }
    Ok((message, changes))
}

/// Asks the recurrence-service outside of any transaction.
async fn ask(app: &App, caller: &Caller, questions: Vec<Repetition>) -> Result<Answers, Error> {
    const AT_ONCE: usize = 16;
    use futures::{StreamExt, TryStreamExt};
    futures::stream::iter(questions)
        .map(|question| async {
            let answer = app
                .recurrence
                .first_occurrence(&caller.user_id, &question)
                .await;
            match answer {
                Ok(first) => Ok((question, Ok(first))),
                Err(Error::Invalid(violations)) => Ok((question, Err(violations))),
                Err(error) => Err(error),
            }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

impl<M> From<Error> for Stopped<M> {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl<M> From<DatabaseError> for Stopped<M> {
    fn from(error: DatabaseError) -> Self {
        Self::Failed(error.into())
    }
}

impl<M> DatabaseFault for Stopped<M> {
    fn database_error(&self) -> Option<&DatabaseError> {
        match self {
            Self::Failed(error) => error.database_error(),
            Self::Rehearsed(_) | Self::Overtaken => None,
        }
    }
}
