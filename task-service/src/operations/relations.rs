//! Relations of tasks, checked against the tasks, categories and tags that they name.

use super::{labels, unit_of_work::UnitOfWork};
use crate::{
    domain::{Edit, LinkChanges, Links, TaskId, Violations, limits::DEPTH as DEEPEST},
    error::Error,
    store,
};

/// Returns the links of a task after changes to them, if what they name exists and nothing goes round in a circle.
pub async fn apply(
    work: &mut UnitOfWork<'_>,
    task_id: TaskId,
    is_new: bool,
    current: &Links,
    changes: &LinkChanges,
) -> Result<Links, Error> {
    let mut links = current.clone();
    let mut violations = Violations::default();
    match &changes.category {
        Edit::Keep => {}
        Edit::Set(None) => links.category = None,
        Edit::Set(Some(name)) => match labels::category(work, name).await {
            Ok(category) => links.category = Some(category),
            Err(Error::Invalid(wrong)) => violations.extend(wrong),
            Err(error) => return Err(error),
        },
    }
    let moves = matches!(changes.parent_task_id, Edit::Set(Some(_)));
    let waits = matches!(&changes.depends_on, Edit::Set(ids) if !ids.is_empty());
    if moves || waits {
        let user_id = &work.caller().user_id;
        store::hierarchy::lock(work.tx(), user_id).await?;
    }
    if let Edit::Set(parent_task_id) = changes.parent_task_id {
        if let Some(parent) = parent_task_id
            && let Some(wrong) = check_parent(work, task_id, is_new, parent).await?
        {
            violations.push("parent_task_id", wrong);
        }
        links.parent_task_id = parent_task_id;
    }
    if let Edit::Set(depends_on) = &changes.depends_on {
        check_dependencies(work, task_id, is_new, depends_on, &mut violations).await?;
        let user_id = &work.caller().user_id;
        links.blocked_by = match depends_on.is_empty() {
            true => Vec::new(),
            false => store::hierarchy::open(work.tx(), user_id, depends_on).await?,
        };
        links.depends_on.clone_from(depends_on);
    }
    violations.or(())?;
    // Last, because it may create tags, and nothing is created for a task that is refused.
    if let Edit::Set(names) = &changes.tags {
        links.tags = labels::tags(work, names).await?;
    }
    Ok(links)
}

/// Returns what is wrong with a parent.
async fn check_parent(
    work: &mut UnitOfWork<'_>,
    task_id: TaskId,
    is_new: bool,
    parent: TaskId,
) -> Result<Option<String>, Error> {
    let user_id = &work.caller().user_id;
    if store::hierarchy::existing(work.tx(), user_id, &[parent])
        .await?
        .is_empty()
    {
        return Ok(Some(unknown(parent)));
    }
    let above = store::hierarchy::ancestors(work.tx(), user_id, parent).await?;
    if above.contains(&task_id) {
        return Ok(Some(format!(
            "task {parent} is the task itself or one of its subtasks; choose another parent, or move that task first"
        )));
    }
    let height = match is_new {
        true => 1,
        false => store::hierarchy::height(work.tx(), user_id, task_id).await?,
    };
    let depth = above.len() + usize::try_from(height).unwrap_or(DEEPEST);
    Ok((depth > DEEPEST).then(|| {
        format!(
            "would create {depth} levels of tasks, more than the limit of {DEEPEST}; choose a parent higher up"
        )
    }))
}

async fn check_dependencies(
    work: &mut UnitOfWork<'_>,
    task_id: TaskId,
    is_new: bool,
    depends_on: &[TaskId],
    violations: &mut Violations,
) -> Result<(), Error> {
    if depends_on.is_empty() {
        return Ok(());
    }
    let user_id = &work.caller().user_id;
    let existing = store::hierarchy::existing(work.tx(), user_id, depends_on).await?;
    for (index, id) in depends_on.iter().enumerate() {
        if !existing.contains(id) {
            violations.push(format!("depends_on[{index}]"), unknown(*id));
        }
    }
    // Nothing can depend on a task that does not exist yet.
    if !is_new && store::hierarchy::depend_on(work.tx(), user_id, depends_on, task_id).await? {
        violations.push(
            "depends_on",
            "would make the task depend on itself, directly or through other tasks; remove the task that leads back",
        );
    }
    Ok(())
}

fn unknown(id: TaskId) -> String {
    format!("task {id} does not exist or is deleted; list the tasks to find its id")
}
