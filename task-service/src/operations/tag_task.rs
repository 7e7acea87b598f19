use super::{
    labels,
    operation::Operation,
    unit_of_work::{Target, UnitOfWork, refuse_deleted},
};
use crate::{
    domain::{Change, Name, Task, tag_names},
    error::Error,
};

/// Gives a task one more tag, or takes one off; a task that is so already stays as it is.
#[derive(Debug, Clone)]
pub struct TagTask {
    /// The task.
    pub target: Target,
    /// The tag's name.
    pub tag: Name,
    /// True to add the tag, false to remove it.
    pub tagged: bool,
}

impl Operation for TagTask {
    const NAME: &'static str = "tag_task";
    type Answer = Task;

    async fn run(&self, work: &mut UnitOfWork<'_>) -> Result<Task, Error> {
        let task = refuse_deleted(work.lock(&self.target).await?)?;
        let key = self.tag.key();
        let is_it = |name: &str| Name::from_stored(name.to_owned()).key() == key;
        let has_it = task.links.tags.iter().any(|tag| is_it(&tag.name));
        if has_it == self.tagged {
            return Ok(task);
        }
        let mut next = task.clone();
        if self.tagged {
            let stored = |tag: &crate::domain::LabelRef<_>| Name::from_stored(tag.name.clone());
            let mut names: Vec<Name> = task.links.tags.iter().map(stored).collect();
            names.push(self.tag.clone());
            let names = tag_names(names).map_err(|error| Error::field("tag", error))?;
            next.links.tags = labels::tags(work, &names).await?;
        } else {
            next.links.tags.retain(|tag| !is_it(&tag.name));
        }
        work.save(Change::Updated, &task, next).await
    }
}
