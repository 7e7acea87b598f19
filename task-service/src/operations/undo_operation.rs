use uuid::Uuid;

use super::{
    operation::Operation,
    relations, undo_creations,
    undone::{GONE, NEWER, Undone},
    unit_of_work::{Target, UnitOfWork},
    update_named::{self, is_name_taken},
};
use crate::{
    domain::{Change, Edit, LinkChanges, NamedKind, OperationId, Task, TaskState},
    error::Error,
    store::{
        self, TaskRow,
        named::NamedRow,
        operation_change::{EntityKind, OperationChange},
        settings::SettingsRow,
    },
};

/// Puts back what an operation changed, where nothing newer has touched it.
#[derive(Debug, Clone)]
pub struct UndoOperation {
    /// The operation.
    pub operation_id: OperationId,
}

/// Outcome for one resource.
enum Fate {
    Task(Box<Task>),
    Other,
    Left(String),
}

impl Operation for UndoOperation {
    const NAME: &'static str = "undo_operation";
    type Answer = Undone;

    async fn run(&self, work: &mut UnitOfWork<'_>) -> Result<Undone, Error> {
        let user_id = &work.caller().user_id;
        let changes = store::operation_change::find(work.tx(), user_id, self.operation_id).await?;
        if changes.is_empty() {
            return Err(Error::OperationNotFound(self.operation_id));
        }
        let mut undone = Undone::default();
        let (creations, changes) = undo_creations::split(changes);
        undo_creations::undo(work, creations, &mut undone).await?;
        for change in changes {
            let (kind, id) = (change.kind, change.entity_id);
            match undo(work, change).await? {
                Fate::Task(task) => {
                    undone
                        .not_undone
                        .extend(next_occurrence(work, &task).await?);
                    undone.tasks.push(*task);
                }
                Fate::Other => undone.others.push((kind, id)),
                Fate::Left(reason) => undone.not_undone.push((kind, id, reason)),
            }
        }
        undone.operation_id = (!work.is_unchanged()).then(|| work.operation_id());
        Ok(undone)
    }
}

async fn undo(work: &mut UnitOfWork<'_>, change: OperationChange) -> Result<Fate, Error> {
    match (change.kind, change.entity_id) {
        (EntityKind::Task, Some(id)) => undo_task(work, id, change).await,
        (EntityKind::Named(kind), Some(id)) => undo_named(work, kind, id, change).await,
        (EntityKind::Settings, _) => undo_settings(work, change).await,
        (_, None) => Ok(Fate::Left(GONE.to_owned())),
    }
}

async fn undo_task(
    work: &mut UnitOfWork<'_>,
    id: Uuid,
    change: OperationChange,
) -> Result<Fate, Error> {
    let current = match work.lock(&Target::any_version(id.into())).await {
        Ok(task) => task,
        Err(Error::TaskNotFound(_)) => return Ok(Fate::Left(GONE.to_owned())),
        Err(error) => return Err(error),
    };
    if current.version != change.version {
        return Ok(Fate::Left(NEWER.to_owned()));
    }
    let user_id = &work.caller().user_id;
    let Some(before) = change.row_before(&TaskRow::of(&current)?)? else {
        return Ok(Fate::Left(GONE.to_owned()));
    };
    let before = before.into_task()?;
    let next = Task {
        version: current.version,
        remind_time: current.remind_time,
        import_id: import_id(work, &current, &before).await?,
        ..before
    };
    if let Some(reason) = refusal(work, &current, &next).await? {
        return Ok(Fate::Left(reason));
    }
    if next.series_id() != current.series_id() {
        if let Some(leaving) = &current.occurrence {
            let now = work.now();
            store::series::update_end(work.tx(), user_id, leaving, now).await?;
        }
        if let Some(series_id) = next.series_id() {
            store::series::clear_end(work.tx(), user_id, series_id).await?;
        }
    }
    let task = work
        .restore(what_happens(&current, &next), &current, next)
        .await?;
    Ok(Fate::Task(Box::new(task)))
}

/// Returns the import_id that a task gets back: the one it had, unless the same task was imported again since.
async fn import_id(
    work: &mut UnitOfWork<'_>,
    current: &Task,
    before: &Task,
) -> Result<Option<String>, Error> {
    let import_id = match before.import_id.as_deref() {
        Some(import_id) if before.import_id != current.import_id => import_id,
        _ => return Ok(current.import_id.clone()),
    };
    let user_id = &work.caller().user_id;
    // As every import does, so that none takes it meanwhile.
    store::hierarchy::lock(work.tx(), user_id).await?;
    let known = store::imported::find(work.tx(), user_id, &[], &[import_id]).await?;
    let is_free = known.iter().all(|other| other.id == current.id);
    Ok(is_free.then(|| import_id.to_owned()))
}

/// Returns why a task cannot hang together with others as it did.
async fn refusal(
    work: &mut UnitOfWork<'_>,
    current: &Task,
    next: &Task,
) -> Result<Option<String>, Error> {
    let (old, new) = (&current.links, &next.links);
    let mut changes = LinkChanges::default();
    if old.parent_task_id != new.parent_task_id {
        changes.parent_task_id = Edit::Set(new.parent_task_id);
    }
    if old.depends_on != new.depends_on {
        changes.depends_on = Edit::Set(new.depends_on.clone());
    }
    match relations::apply(work, current.id, false, old, &changes).await {
        Ok(_) => Ok(None),
        Err(Error::Invalid(violations)) => Ok(violations
            .as_slice()
            .first()
            .map(|violation| format!("{}: {}", violation.field, violation.description))),
        Err(error) => Err(error),
    }
}

fn what_happens(current: &Task, next: &Task) -> Change {
    match (current.delete_time, next.delete_time) {
        (None, Some(_)) => return Change::Deleted,
        (Some(_), None) => return Change::Undeleted,
        _ => {}
    }
    match (current.state, next.state) {
        (TaskState::Open, TaskState::Completed { .. }) => Change::Completed,
        (TaskState::Completed { .. }, TaskState::Open) => Change::Reopened,
        _ => Change::Updated,
    }
}

/// Returns the occurrence that exists because this one was completed, which it no longer is.
async fn next_occurrence(
    work: &mut UnitOfWork<'_>,
    task: &Task,
) -> Result<Option<(EntityKind, Option<Uuid>, String)>, Error> {
    let Some(place) = task.occurrence.filter(|_| task.state == TaskState::Open) else {
        return Ok(None);
    };
    let user_id = &work.caller().user_id;
    let following = store::find_following(work.tx(), user_id, task.id, &place).await?;
    let following = following.filter(|next| {
        next.delete_time.is_none()
            && next
                .occurrence
                .is_some_and(|place| place.previous_task_id == Some(task.id))
    });
    Ok(following.map(|next| {
        let reason =
            "is the next occurrence, which was created when this one was completed; it stays";
        (EntityKind::Task, Some(next.id.as_uuid()), reason.to_owned())
    }))
}

async fn undo_named(
    work: &mut UnitOfWork<'_>,
    kind: NamedKind,
    id: Uuid,
    change: OperationChange,
) -> Result<Fate, Error> {
    let user_id = &work.caller().user_id;
    let Some(current) = store::named::find(work.tx(), user_id, kind, id, true).await? else {
        return Ok(Fate::Left(GONE.to_owned()));
    };
    if current.version != change.version {
        return Ok(Fate::Left(NEWER.to_owned()));
    }
    let mut next = current.clone();
    match change.row_before(&NamedRow::of(&current))? {
        None => next.delete_time = Some(work.now()),
        Some(row) => {
            let before = row.into_resource(kind, user_id);
            next.name = before.name;
            next.content = before.content;
            next.delete_time = before.delete_time;
        }
    }
    if next.delete_time.is_none() && is_name_taken(work, &next).await? {
        let name = next.name.as_ref();
        let reason = format!("another {kind} now has the name {name:?}; rename it first");
        return Ok(Fate::Left(reason));
    }
    update_named::save(work, &current, next).await?;
    Ok(Fate::Other)
}

async fn undo_settings(work: &mut UnitOfWork<'_>, change: OperationChange) -> Result<Fate, Error> {
    let current = work.settings().await?.clone();
    if current.version != change.version {
        return Ok(Fate::Left(NEWER.to_owned()));
    }
    let Some(before) = change.row_before(&SettingsRow::of(&current))? else {
        return Ok(Fate::Left(GONE.to_owned()));
    };
    let mut next = crate::domain::Settings::from(before);
    next.version = current.version;
    super::update_settings::save(work, &current, next).await?;
    Ok(Fate::Other)
}
