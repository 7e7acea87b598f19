//! Shared part of all writes: one transaction that runs the operation, writes its events and the records needed to undo it, and
//! stores the response for repetitions of the same call.

use std::collections::HashSet;

use service_runtime::{
    idempotency::{Call, Response},
    postgres::AsyncPgConnection,
};

use super::{
    first_occurrences::{FirstOccurrences, Preview},
    unit_of_work::UnitOfWork,
};
use crate::{app::App, domain::Repetition, error::Error, metrics};

/// Maximum number of transactions of one call, when other calls change the same data.
const MAX_ATTEMPTS: usize = 6;

/// Operation that writes.
pub trait Operation: Send + Sync {
    /// Name in logs.
    const NAME: &'static str;
    /// Result.
    type Answer: Send;

    /// Returns the series that the operation will begin, as far as that shows before its transaction.
    fn new_series(
        &self,
        _preview: &Preview<'_>,
    ) -> impl Future<Output = Result<HashSet<Repetition>, Error>> + Send {
        async { Ok(HashSet::new()) }
    }

    /// Runs the operation in a transaction that it shares with others. Returns nothing if it needs one of its own.
    fn run_shared(
        &self,
        _app: &App,
        _call: &Call,
    ) -> impl Future<Output = Result<Option<Self::Answer>, Error>> + Send {
        async { Ok(None) }
    }

    /// Runs the operation. It can run more than once, each time in a transaction of its own of which only the last is committed.
    fn run(
        &self,
        work: &mut UnitOfWork<'_>,
    ) -> impl Future<Output = Result<Self::Answer, Error>> + Send;
}

/// Runs the operation of a call once, however often the call comes, and returns the first response.
pub async fn write<O, M>(app: &App, call: &Call, operation: &O) -> Result<M, Error>
where
    O: Operation,
    M: Response + for<'a> From<&'a O::Answer>,
{
    if let Some(answer) = operation.run_shared(app, call).await? {
        return Ok(M::from(&answer));
    }
    for _ in 0..MAX_ATTEMPTS {
        // A repeated call is answered from the database even if the recurrence-service is unavailable.
        let resolved = first_occurrences(app, call, operation).await;
        let none = FirstOccurrences::default();
        let firsts = resolved.as_ref().unwrap_or(&none);
        let written = call
            .write(
                &app.database,
                O::NAME,
                async |tx: &mut AsyncPgConnection| {
                    let mut work = UnitOfWork::new(app, &call.caller, tx, firsts);
                    let answer = operation.run(&mut work).await?;
                    let changes = work.finish().await?;
                    Ok((M::from(&answer), changes))
                },
            )
            .await;
        match written {
            Ok((message, changes)) => {
                changes.into_iter().flatten().for_each(metrics::count);
                return Ok(message);
            }
            Err(Error::Busy) => resolved.map(drop)?,
            Err(error) => return Err(error),
        }
    }
    Err(Error::Busy)
}

async fn first_occurrences<O: Operation>(
    app: &App,
    call: &Call,
    operation: &O,
) -> Result<FirstOccurrences, Error> {
    let preview = Preview::new(app, &call.caller);
    let series = operation.new_series(&preview).await?;
    FirstOccurrences::request(app, &call.caller, series).await
}
