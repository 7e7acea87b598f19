use std::collections::HashMap;

use super::{
    Imported,
    content::Draft,
    dependency_graph::{Cut, End, break_circles, tree},
    known::KnownTasks,
    labels::{TOO_MANY, find_or_create},
};
use crate::{
    domain::{
        Details, Links, Name, NamedKind, Occurrence, Schedule, Task, TaskId, TimeZone,
        dependencies, limits,
    },
    error::Error,
    files::{Contents, Format, Loss, Losses, identity_of_id},
    operations::{labels, unit_of_work::UnitOfWork},
    store,
};

/// Planned changes of an import.
pub struct Plan<'a> {
    new: Vec<NewTask<'a>>,
    places: HashMap<&'a str, usize>,
    /// The places, each task after the one that it is a part of.
    order: Vec<usize>,
    known: KnownTasks,
    existing: usize,
    failed: usize,
    losses: Losses,
}

/// A task that will be created.
struct NewTask<'a> {
    id: TaskId,
    draft: Draft<'a>,
    details: Details,
    schedule: Schedule,
    occurrence: Option<Occurrence>,
    links: Links,
}

impl<'a> Plan<'a> {
    /// Finds out which tasks of a file are new, and what they say.
    pub async fn make(
        work: &mut UnitOfWork<'_>,
        format: Format,
        contents: &'a Contents,
        user_zone: &TimeZone,
    ) -> Result<Self, Error> {
        let user_id = &work.caller().user_id;
        let mut plan = Self {
            new: Vec::new(),
            places: HashMap::new(),
            order: Vec::new(),
            known: KnownTasks::find(work.tx(), user_id, &contents.tasks).await?,
            existing: 0,
            failed: 0,
            losses: contents.losses.clone(),
        };
        for loss in &contents.failed {
            plan.fail(loss.clone());
        }
        for file in &contents.tasks {
            if plan.known.get(&file.identity).is_some() {
                plan.existing += 1;
                continue;
            }
            if let Some(first) = plan.places.get(file.identity.as_str()) {
                let line = plan.new[*first].draft.file.line;
                let reason = format!("has the same id as the task on line {line}");
                plan.fail(Loss::whole(file.line, &file.source_id, reason));
                continue;
            }
            let mut draft = Draft::new(file, format);
            match draft.details() {
                Err(loss) => plan.fail(loss),
                Ok(details) => {
                    plan.places.insert(&file.identity, plan.new.len());
                    plan.new.push(NewTask {
                        id: work.new_id(),
                        schedule: draft.schedule(user_zone),
                        draft,
                        details,
                        occurrence: None,
                        links: Links::default(),
                    });
                }
            }
        }
        Ok(plan)
    }

    fn fail(&mut self, loss: Loss) {
        self.failed += 1;
        self.losses.push(loss);
    }

    /// Begins the series of the tasks that repeat.
    pub fn begin_series(&mut self, work: &UnitOfWork<'_>) -> Result<(), Error> {
        for task in &mut self.new {
            let Some(repetition) = task.schedule.repetition() else {
                continue;
            };
            match work.first_occurrence(&repetition) {
                Ok(first) => {
                    task.draft.note_move(&repetition, first);
                    let schedule = std::mem::take(&mut task.schedule);
                    let (schedule, occurrence) = schedule.begin_series(work.new_id(), first);
                    task.schedule = schedule;
                    task.occurrence = Some(occurrence);
                }
                Err(Error::Invalid(violations)) => {
                    task.schedule = task.draft.leave_rule_out(&task.schedule, &violations);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Finds the tasks that the new ones are parts of and wait for.
    pub async fn connect(&mut self, work: &mut UnitOfWork<'_>) -> Result<(), Error> {
        let mut parents = self.parents();
        let old = parents.iter().flatten().filter_map(|end| match end {
            End::Old(id) => Some(*id),
            End::New(_) => None,
        });
        let old: Vec<TaskId> = old.collect();
        let user_id = &work.caller().user_id;
        let depths = store::hierarchy::depths(work.tx(), user_id, &old).await?;
        let depth_of = |id| depths.get(&id).copied().unwrap_or(1);
        let tree = tree(&mut parents, depth_of, limits::DEPTH);
        for (place, cut) in tree.cut {
            let reason = match cut {
                Cut::Circle => "would make the task a subtask of itself".to_owned(),
                Cut::TooDeep => format!("would create more than {} levels of tasks", limits::DEPTH),
            };
            self.new[place].draft.lose("parent_task_id", reason);
        }
        self.order = tree.order;

        let mut depends_on: Vec<Vec<End>> = Vec::new();
        for place in 0..self.new.len() {
            let ends = self.dependencies(place);
            depends_on.push(ends);
        }
        for (place, _) in break_circles(&mut depends_on) {
            let reason = "would make the task wait for itself";
            self.new[place].draft.lose("depends_on", reason);
        }
        for (place, (parent, depends_on)) in parents.into_iter().zip(depends_on).enumerate() {
            let parent_task_id = parent.map(|end| self.id(end));
            let open = depends_on.iter().filter(|end| self.is_open(**end));
            let blocked_by = open.map(|end| self.id(*end)).collect();
            let depends_on = depends_on.iter().map(|end| self.id(*end)).collect();
            let links = &mut self.new[place].links;
            links.parent_task_id = parent_task_id;
            links.depends_on = dependencies(depends_on).unwrap_or_default();
            links.blocked_by = dependencies(blocked_by).unwrap_or_default();
        }
        Ok(())
    }

    fn parents(&mut self) -> Vec<Option<End>> {
        let mut parents = Vec::new();
        for place in 0..self.new.len() {
            let parent = &self.new[place].draft.file.parent;
            let end = self.end(parent);
            if end.is_none() && !parent.is_empty() {
                let reason = "is not in the file, could not be imported, or is deleted";
                self.new[place].draft.lose("parent_task_id", reason);
            }
            parents.push(end);
        }
        parents
    }

    fn dependencies(&mut self, place: usize) -> Vec<End> {
        let mut ends: Vec<End> = Vec::new();
        for id in &self.new[place].draft.file.depends_on {
            match self.end(id) {
                Some(end) if ends.contains(&end) => {}
                Some(_) if ends.len() == limits::DEPENDENCIES => {
                    let reason = format!("only the first {} are kept", limits::DEPENDENCIES);
                    self.new[place].draft.lose("depends_on", reason);
                    break;
                }
                Some(end) => ends.push(end),
                None => {
                    let reason = format!(
                        "task {id} is not in the file, could not be imported, or is deleted"
                    );
                    self.new[place].draft.lose("depends_on", reason);
                }
            }
        }
        ends
    }

    /// Returns the task that a file calls so.
    fn end(&self, source_id: &str) -> Option<End> {
        if source_id.is_empty() {
            return None;
        }
        let identity = identity_of_id(source_id);
        let known = self.known.living(&identity).map(|known| End::Old(known.id));
        known.or_else(|| self.places.get(identity.as_str()).copied().map(End::New))
    }

    fn id(&self, end: End) -> TaskId {
        match end {
            End::New(place) => self.new[place].id,
            End::Old(id) => id,
        }
    }

    fn is_open(&self, end: End) -> bool {
        match end {
            End::New(place) => !self.new[place].draft.file.completed,
            End::Old(id) => self.known.is_open(id),
        }
    }

    /// Finds the categories and tags that the new tasks name, and creates those that do not exist.
    pub async fn label(&mut self, work: &mut UnitOfWork<'_>) -> Result<(), Error> {
        let drafts = self.new.iter_mut().map(|task| &mut task.draft);
        let names: Vec<(Option<Name>, Vec<Name>)> = drafts
            .map(|draft| (draft.category(), draft.tags()))
            .collect();
        let categories = names.iter().filter_map(|(category, _)| category.as_ref());
        find_or_create(work, NamedKind::Category, categories).await?;
        let tags = names.iter().flat_map(|(_, tags)| tags);
        find_or_create(work, NamedKind::Tag, tags).await?;
        for (task, (category, tags)) in self.new.iter_mut().zip(&names) {
            let NewTask { draft, links, .. } = task;
            if let Some(name) = category {
                links.category = work.known_label(NamedKind::Category, &name.key());
                if links.category.is_none() {
                    draft.lose("category", TOO_MANY);
                }
            }
            let tag = |name: &Name| work.known_label(NamedKind::Tag, &name.key());
            links.tags = tags.iter().filter_map(tag).collect();
            if links.tags.len() < tags.len() {
                draft.lose("tags", TOO_MANY);
            }
            labels::sort(&mut links.tags);
        }
        Ok(())
    }

    /// Creates the tasks.
    pub fn carry_out(mut self, work: &mut UnitOfWork<'_>) -> Result<Imported, Error> {
        let created = self.new.len();
        let mut new: Vec<Option<NewTask<'_>>> = self.new.into_iter().map(Some).collect();
        for place in self.order {
            if let Some(task) = new[place].take() {
                task.create(work, &mut self.losses)?;
            }
        }
        Ok(Imported {
            operation_id: (created > 0).then(|| work.operation_id()),
            created,
            existing: self.existing,
            failed: self.failed,
            losses: self.losses.finish(),
        })
    }
}

impl NewTask<'_> {
    fn create(self, work: &mut UnitOfWork<'_>, losses: &mut Losses) -> Result<(), Error> {
        let Self {
            id,
            mut draft,
            details,
            schedule,
            occurrence,
            links,
        } = self;
        let (user_id, now) = (work.caller().user_id.clone(), work.now());
        let mut task = Task::new(id, user_id, details, schedule, links, occurrence, now);
        task.import_id = Some(draft.file.identity.clone());
        if draft.file.completed {
            task = task.completed(draft.complete_time(now));
        }
        work.create(task)?;
        for loss in draft.losses {
            losses.push(loss);
        }
        for (field, reason) in &draft.file.lost_in_common {
            losses.count(draft.file.line, field, reason);
        }
        Ok(())
    }
}
