use std::collections::HashSet;

use futures::{StreamExt, TryStreamExt, stream};
use service_runtime::postgres::{
    DatabaseFault, release_savepoint, rollback_to_savepoint, set_savepoint,
};

use super::{
    complete_task::CompleteTask, create_task::CreateTask, delete_task::DeleteTask,
    first_occurrences::Preview, operation::Operation, unit_of_work::UnitOfWork,
    update_task::UpdateTask,
};
use crate::{
    domain::{OperationId, Repetition, Task, TaskId, Violations},
    error::{Error, within_item},
    store,
};

/// Maximum number of items in a batch.
pub const MOST_ITEMS: usize = 500;

/// Maximum number of reported faults in items after the first wrong one.
const MOST_OTHERS: usize = 20;
const MAX_READS_IN_FLIGHT: usize = 16;

/// The same operation on several tasks.
#[derive(Debug, Clone)]
pub struct Batch<I> {
    /// Field of the items in the request.
    pub field: &'static str,
    /// The items, or what is wrong with each.
    pub items: Vec<Result<I, Violations>>,
    /// True if valid items are executed even if others fail.
    pub partial: bool,
}

/// Result of a batch.
#[derive(Debug)]
pub struct BatchOutcome {
    /// The write that changed all of it.
    pub operation_id: OperationId,
    /// One result for each item, in their order.
    pub results: Vec<Result<Task, Error>>,
}

/// An operation that can be an item of a batch.
pub trait BatchItem: Operation<Answer = Task> {
    /// The name of the batch in logs.
    const BATCH_NAME: &'static str;

    /// Returns the task that it is about, if that exists already.
    fn task_id(&self) -> Option<TaskId>;

    /// Returns whether the item may succeed once other items are done.
    fn may_wait_for_others(_error: &Error) -> bool {
        false
    }
}

impl BatchItem for CreateTask {
    const BATCH_NAME: &'static str = "batch_create_tasks";

    fn task_id(&self) -> Option<TaskId> {
        None
    }
}

impl BatchItem for UpdateTask {
    const BATCH_NAME: &'static str = "batch_update_tasks";

    fn task_id(&self) -> Option<TaskId> {
        Some(self.target.task_id)
    }
}

impl BatchItem for CompleteTask {
    const BATCH_NAME: &'static str = "batch_complete_tasks";

    fn task_id(&self) -> Option<TaskId> {
        Some(self.target.task_id)
    }

    fn may_wait_for_others(error: &Error) -> bool {
        matches!(error, Error::OpenParts { .. } | Error::TaskBlocked { .. })
    }
}

impl BatchItem for DeleteTask {
    const BATCH_NAME: &'static str = "batch_delete_tasks";

    fn task_id(&self) -> Option<TaskId> {
        Some(self.target.task_id)
    }
}

/// Returns the result of an item, or the error if the whole batch fails, even a partial one: it may succeed when it runs again.
fn item_result(result: Result<Task, Error>) -> Result<Result<Task, Error>, Error> {
    match result {
        Err(Error::Busy) => Err(Error::Busy),
        Err(error) if error.database_error().is_some() => Err(error),
        result => Ok(result),
    }
}

impl<I: BatchItem> Operation for Batch<I> {
    const NAME: &'static str = I::BATCH_NAME;
    type Answer = BatchOutcome;

    async fn new_series(&self, preview: &Preview<'_>) -> Result<HashSet<Repetition>, Error> {
        let items = self.items.iter().flatten().take(MOST_ITEMS);
        let reads: Vec<_> = items.map(|item| item.new_series(preview)).collect();
        let series: Vec<_> = stream::iter(reads)
            .buffer_unordered(MAX_READS_IN_FLIGHT)
            .try_collect()
            .await?;
        Ok(series.into_iter().flatten().collect())
    }

    async fn run(&self, work: &mut UnitOfWork<'_>) -> Result<BatchOutcome, Error> {
        self.check()?;
        let ids: Vec<TaskId> = self
            .items
            .iter()
            .flatten()
            .filter_map(BatchItem::task_id)
            .collect();
        let user_id = &work.caller().user_id;
        store::task::lock_all(work.tx(), user_id, &ids).await?;

        let mut results: Vec<Option<Result<Task, Error>>> = Vec::new();
        results.resize_with(self.items.len(), || None);
        let mut waiting: Vec<usize> = (0..self.items.len()).collect();
        loop {
            let before = waiting.len();
            for index in std::mem::take(&mut waiting) {
                let result = self.run_item(work, index).await?;
                if matches!(&result, Err(error) if I::may_wait_for_others(error)) {
                    waiting.push(index);
                }
                results[index] = Some(result);
            }
            if waiting.is_empty() || waiting.len() == before {
                break;
            }
        }
        self.outcome(work.operation_id(), results)
    }
}

impl<I: BatchItem> Batch<I> {
    fn check(&self) -> Result<(), Violations> {
        let count = self.items.len();
        if !(1..=MOST_ITEMS).contains(&count) {
            let wrong = format!("has {count} items; a batch has 1 to {MOST_ITEMS}");
            return Err(Violations::of(self.field, wrong));
        }
        let mut violations = Violations::default();
        let mut seen = std::collections::HashMap::new();
        for (index, item) in self.items.iter().enumerate() {
            let Some(id) = item.as_ref().ok().and_then(BatchItem::task_id) else {
                continue;
            };
            if let Some(first) = seen.insert(id, index) {
                violations.push(
                    format!("{}[{index}]", self.field),
                    format!(
                        "is the same task as {}[{first}]; leave one of them out",
                        self.field
                    ),
                );
            }
        }
        violations.or(())
    }

    /// Runs one item. An item of a partial batch that fails leaves nothing behind.
    async fn run_item(
        &self,
        work: &mut UnitOfWork<'_>,
        index: usize,
    ) -> Result<Result<Task, Error>, Error> {
        let item = match &self.items[index] {
            Ok(item) => item,
            Err(violations) => return Ok(Err(violations.clone().into())),
        };
        // The rows of new tasks are written at the end, so there is nothing to roll back.
        let savepoint = self.partial && item.task_id().is_some();
        if !savepoint {
            return item_result(item.run(work).await);
        }
        set_savepoint(work.tx()).await?;
        let aside = work.set_aside();
        let result = item_result(item.run(work).await)?;
        if result.is_ok() {
            release_savepoint(work.tx()).await?;
            work.keep_item(aside);
        } else {
            rollback_to_savepoint(work.tx()).await?;
            work.drop_item(aside);
        }
        Ok(result)
    }

    fn outcome(
        &self,
        operation_id: OperationId,
        results: Vec<Option<Result<Task, Error>>>,
    ) -> Result<BatchOutcome, Error> {
        let mut outcome = BatchOutcome {
            operation_id,
            results: Vec::new(),
        };
        let mut failed: Option<(usize, Error)> = None;
        let mut others = Vec::new();
        for (index, result) in results.into_iter().flatten().enumerate() {
            match (result, &failed) {
                (Err(error), None) if !self.partial => failed = Some((index, error)),
                (Err(error), Some((_, Error::Invalid(_)))) if others.len() < MOST_OTHERS => {
                    others.extend(within_item(self.field, index, &error));
                }
                (result, _) => outcome.results.push(result),
            }
        }
        match failed {
            None => Ok(outcome),
            Some((index, error)) => Err(Error::Item {
                field: self.field,
                index,
                cause: Box::new(error),
                others: others.into_iter().take(MOST_OTHERS).collect(),
            }),
        }
    }
}
