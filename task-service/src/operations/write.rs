//! What all writes have in common: one transaction that does what the call asks for, tells the world, keeps what it changed
//! so that it can be undone, and remembers the answer for the same call coming again.

use service_runtime::{
    grpc::Caller,
    idempotency::{Call, Response},
    postgres::AsyncPgConnection,
};

use super::transaction::{Answers, Write};
use crate::{App, domain::Repetition, error::Error, metrics};

/// How often a call may learn that it must ask the recurrence-service once more, because a task changed meanwhile.
const MOST_ROUNDS: usize = 5;

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

/// Does what a call asks for, once however often the call comes, and answers as the first time.
pub async fn write<O, M>(app: &App, call: &Call, operation: &O) -> Result<M, Error>
where
    O: Operation,
    M: Response + for<'a> From<&'a O::Answer>,
{
    let mut answers = Answers::new();
    for _ in 0..=MOST_ROUNDS {
        let written = call
            .write(
                &app.database,
                O::NAME,
                async |tx: &mut AsyncPgConnection| {
                    let mut write = Write::new(app, &call.caller, tx, &answers);
                    let answer = operation.run(&mut write).await?;
                    let changes = write.finish().await?;
                    Ok((M::from(&answer), changes))
                },
            )
            .await;
        match written {
            Ok((message, changes)) => {
                changes.into_iter().flatten().for_each(metrics::count);
                return Ok(message);
            }
            Err(Error::Unanswered(questions)) => {
                answers.extend(ask(app, &call.caller, questions).await?);
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::Busy)
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
