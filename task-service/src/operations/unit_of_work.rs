//! Transaction of an operation.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use service_runtime::{
    grpc::Caller,
    ids::UserId,
    outbox::{self, OutboxRow},
    postgres::{AsyncPgConnection, DatabaseError, limit_lock_waits},
};

use super::first_occurrences::FirstOccurrences;
use crate::{
    app::App,
    domain::{
        Change, Etag, FirstOccurrence, LabelRef, NameKey, NamedKind, NamedResource, OperationId,
        Repetition, Settings, Task, TaskId, TimeZone,
    },
    error::Error,
    events::{self, TaskChange},
    store::{
        self, TaskRow,
        operation_change::{EntityKind, OperationChange},
    },
};

/// Task that a call is about.
#[derive(Debug, Clone)]
pub struct Target {
    /// Task.
    pub task_id: TaskId,
    /// Etag that it must still have, if the caller states one.
    pub etag: Option<Etag>,
}

impl Target {
    /// Targets a task at any version.
    pub fn any_version(task_id: TaskId) -> Self {
        Self {
            task_id,
            etag: None,
        }
    }
}

/// Transaction of a call, or of several in turn, with the changes that are not written yet.
pub struct UnitOfWork<'a> {
    app: &'a App,
    caller: &'a Caller,
    tx: &'a mut AsyncPgConnection,
    operation_id: OperationId,
    first_occurrences: &'a FirstOccurrences,
    settings: HashMap<UserId, Settings>,
    labels: HashMap<(UserId, NamedKind, NameKey), LabelRef<uuid::Uuid>>,
    pending: Pending,
}

/// Rows that are written at the end, all at once.
#[derive(Default)]
pub struct Pending {
    created: Vec<Task>,
    reindex: Vec<Task>,
    events: Vec<OutboxRow>,
    kept: Vec<(UserId, OperationId, OperationChange)>,
    changes: Vec<Change>,
}

impl<'a> UnitOfWork<'a> {
    /// Begins a unit of work.
    pub fn new(
        app: &'a App,
        caller: &'a Caller,
        tx: &'a mut AsyncPgConnection,
        first_occurrences: &'a FirstOccurrences,
    ) -> Self {
        Self {
            app,
            caller,
            tx,
            operation_id: app.ids.uuid_v7().into(),
            first_occurrences,
            settings: HashMap::new(),
            labels: HashMap::new(),
            pending: Pending::default(),
        }
    }

    /// Prepares for calls of several users: reads their settings and tags at once, and fails rather than let all of them wait for
    /// a lock.
    pub async fn share(
        &mut self,
        users: impl Iterator<Item = &UserId>,
        tags: &[(&UserId, NameKey)],
    ) -> Result<(), Error> {
        let tx = &*self.tx;
        let (limited, read, tags) = futures::join!(
            limit_lock_waits(tx),
            store::settings::find_all(tx, users, &mut self.settings),
            store::named::find_by_names(tx, NamedKind::Tag, tags),
        );
        DatabaseError::first_of([limited, read])?;
        tags?.iter().for_each(|tag| self.remember_label(tag));
        Ok(())
    }

    /// Goes on with another call, whose changes can be undone by themselves.
    pub fn next_call(&mut self, caller: &'a Caller) {
        self.caller = caller;
        self.operation_id = self.new_id();
    }

    /// Returns the caller.
    pub fn caller(&self) -> &'a Caller {
        self.caller
    }

    /// Returns the transaction.
    pub fn tx(&mut self) -> &mut AsyncPgConnection {
        self.tx
    }

    /// Returns the id of the operation.
    pub fn operation_id(&self) -> OperationId {
        self.operation_id
    }

    /// Returns whether nothing has changed so far.
    pub fn is_unchanged(&self) -> bool {
        self.pending.kept.is_empty()
    }

    /// Returns the time.
    pub fn now(&self) -> DateTime<Utc> {
        self.app.clock.now()
    }

    /// Returns a new id.
    pub fn new_id<I: From<uuid::Uuid>>(&self) -> I {
        self.app.ids.uuid_v7().into()
    }

    /// Returns the caller's settings.
    pub async fn settings(&mut self) -> Result<&Settings, Error> {
        let user_id = &self.caller.user_id;
        store::settings::find_all(self.tx, [user_id], &mut self.settings).await?;
        Ok(self.settings.entry(user_id.clone()).or_default())
    }

    /// Returns the caller's own time zone.
    pub async fn user_zone(&mut self) -> Result<TimeZone, Error> {
        Ok(self.settings().await?.time_zone.clone())
    }

    /// Returns the first occurrence of a series that the operation begins.
    pub fn first_occurrence(&self, repetition: &Repetition) -> Result<FirstOccurrence, Error> {
        self.first_occurrences.get(repetition)
    }

    /// Locks a task and makes sure that it is the version that the caller means.
    pub async fn lock(&mut self, target: &Target) -> Result<Task, Error> {
        let Target { task_id, etag } = target;
        let task = store::task::lock(self.tx, &self.caller.user_id, *task_id)
            .await?
            .ok_or(Error::TaskNotFound(*task_id))?;
        if etag.as_ref().is_some_and(|etag| *etag != task.etag()) {
            return Err(Error::StaleEtag {
                id: task.id.as_uuid(),
                current: task.etag(),
            });
        }
        Ok(task)
    }

    /// Adds a new task; its row is written at the end.
    pub fn create(&mut self, task: Task) -> Result<Task, Error> {
        let task = Task {
            operation_id: Some(self.operation_id),
            ..task
        };
        self.note(Change::Created, &task, None)?;
        self.pending.created.push(task.clone());
        Ok(task)
    }

    /// Writes the next version of a locked task.
    pub async fn save(
        &mut self,
        change: Change,
        previous: &Task,
        next: Task,
    ) -> Result<Task, Error> {
        self.save_at(change, previous, next, self.now()).await
    }

    /// Writes the next version of a locked task, as changed at a moment.
    pub async fn save_at(
        &mut self,
        change: Change,
        previous: &Task,
        next: Task,
        now: DateTime<Utc>,
    ) -> Result<Task, Error> {
        let task = next.next_version(self.operation_id, now);
        store::task_write::update(self.tx, &task).await?;
        self.note_change(change, previous, task)
    }

    /// Deletes locked tasks that a write created and that is taken back, all at once. What they were imported from can be
    /// imported again.
    pub async fn revert(&mut self, tasks: Vec<Task>) -> Result<Vec<Task>, Error> {
        let now = self.now();
        let ids: Vec<TaskId> = tasks.iter().map(|task| task.id).collect();
        let user_id = &self.caller.user_id;
        store::task_write::revert(self.tx, user_id, &ids, self.operation_id, now).await?;
        let mut taken = Vec::new();
        for previous in tasks {
            let next = Task {
                import_id: None,
                ..previous.clone().deleted(now)
            };
            let task = next.next_version(self.operation_id, now);
            self.note(Change::Deleted, &task, Some(&previous))?;
            taken.push(task);
        }
        Ok(taken)
    }

    /// Writes the next version of a locked task from the undo log; names of its category and tags may have changed since.
    pub async fn restore(
        &mut self,
        change: Change,
        previous: &Task,
        next: Task,
    ) -> Result<Task, Error> {
        let task = next.next_version(self.operation_id, self.now());
        store::task_write::update(self.tx, &task).await?;
        let task = store::task::find(self.tx, &task.user_id, task.id)
            .await?
            .ok_or(Error::TaskNotFound(task.id))?;
        self.note_change(change, previous, task)
    }

    fn note_change(&mut self, change: Change, previous: &Task, task: Task) -> Result<Task, Error> {
        self.note(change, &task, Some(previous))?;
        if !task.says_the_same_as(previous) {
            self.pending.reindex.push(task.clone());
        }
        Ok(task)
    }

    fn note(&mut self, change: Change, task: &Task, previous: Option<&Task>) -> Result<(), Error> {
        let event = TaskChange {
            id: self.app.ids.uuid_v7(),
            change,
            task,
            previous,
            caller: self.caller,
        };
        self.pending.events.push(events::of_task(event));
        let rows = match previous {
            Some(previous) => Some([TaskRow::of(previous)?, TaskRow::of(task)?]),
            None => None,
        };
        let id = Some(task.id.as_uuid());
        let rows = rows.as_ref().map(|[before, after]| [before, after]);
        let kept = OperationChange::of(EntityKind::Task, id, task.version, rows)?;
        self.keep(kept);
        self.pending.changes.push(change);
        Ok(())
    }

    /// Notes the change of something that is not a task, whose row was written.
    pub fn note_other(&mut self, kept: OperationChange, event: OutboxRow) {
        self.keep(kept);
        self.pending.events.push(event);
    }

    fn keep(&mut self, change: OperationChange) {
        let user_id = self.caller.user_id.clone();
        self.pending.kept.push((user_id, self.operation_id, change));
    }

    /// Adds an event of a change that an undo of this operation leaves alone.
    pub fn emit(&mut self, event: OutboxRow) {
        self.pending.events.push(event);
    }

    /// Returns the category or tag with a name, if the write knows it.
    pub fn known_label<I: From<uuid::Uuid>>(
        &self,
        kind: NamedKind,
        key: &NameKey,
    ) -> Option<LabelRef<I>> {
        let user_id = self.caller.user_id.clone();
        let known = self.labels.get(&(user_id, kind, key.clone()))?;
        Some(LabelRef {
            id: known.id.into(),
            name: known.name.clone(),
        })
    }

    /// Adds a category or tag to those that the write knows.
    pub fn remember_label(&mut self, label: &NamedResource) {
        let key = (label.user_id.clone(), label.kind, label.name.key());
        self.labels.insert(key, label.reference());
    }

    /// Sets aside what is pending, so that what an item of a batch adds can be dropped.
    pub fn set_aside(&mut self) -> Pending {
        std::mem::take(&mut self.pending)
    }

    /// Adds what an item has added to what was set aside.
    pub fn keep_item(&mut self, aside: Pending) {
        let item = std::mem::replace(&mut self.pending, aside);
        self.pending.created.extend(item.created);
        self.pending.reindex.extend(item.reindex);
        self.pending.events.extend(item.events);
        self.pending.kept.extend(item.kept);
        self.pending.changes.extend(item.changes);
    }

    /// Drops what an item has added; its changes in the transaction must be rolled back too.
    pub fn drop_item(&mut self, aside: Pending) {
        self.pending = aside;
        self.labels.clear();
    }

    /// Writes what is pending. Returns the changes, to be counted once they are committed.
    pub(super) async fn finish(mut self) -> Result<Vec<Change>, Error> {
        let Pending {
            created,
            reindex,
            events,
            kept,
            changes,
        } = self.pending;
        store::series::insert_of_first(self.tx, &created).await?;
        let (tx, now) = (&*self.tx, self.app.clock.now());
        // Sent together, for none needs what another one writes. Words come last, for writes that bring the same new word wait for
        // each other from there to the commit.
        let results = futures::join!(
            store::task_write::insert(tx, &created),
            store::operation_change::insert(tx, now, &kept),
            outbox::append_all(tx, &events),
            store::search::index(tx, &mut self.settings, &created, &reindex),
        );
        self.app.pending_words.add(created.len() + reindex.len());
        DatabaseError::first_of(<[_; 4]>::from(results))?;
        Ok(changes)
    }
}

/// Refuses a deleted task.
pub fn refuse_deleted(task: Task) -> Result<Task, Error> {
    if task.delete_time.is_some() {
        return Err(Error::TaskDeleted(task.id));
    }
    Ok(task)
}
